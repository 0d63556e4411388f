/** How is a thing that happened said in plain words? Operations, siblings, times.
 *  Invariant: one line each, however long the error's message.
 *  Not here: what is worth saying (moments.ts) and in which order (story.ts). */
import type {
  Operation,
  ReadOperation,
  Seen,
  StoredRecord,
  WriteId,
  WriteOperation,
} from '../history.ts';
import type { LevelChoice } from '../scenario.ts';

const MESSAGE_CHARS_MAX = 120;
const NAMES_MAX = 8;

/** `us`: virtual microseconds since the run began. */
export function clockTime(us: number): string {
  return us === Number.POSITIVE_INFINITY ? 'never' : `${(us / 1_000_000).toFixed(3)} s`;
}

/** What a client asks for. */
export function asks(operation: Operation): string {
  const { client, kind, level } = operation;
  const at = `at ${levelText(level)}`;
  if (kind === 'get') return `${client} reads ${at}`;
  const { id, write, given } = operation;
  const again = id === write ? '' : ', once more,';
  const verb = kind === 'put' ? `puts w${write}` : `deletes (write ${write})`;
  return `${client}${again} ${verb} ${at}, ${knowing(kind, given)}`;
}

/** What it is told. */
export function isTold(operation: Operation): string {
  if (operation.outcome !== 'ok') return failed(operation);
  return operation.kind === 'get' ? sees(operation) : acknowledged(operation);
}

/** Names the operation where it is told apart from its question. */
export function nameOf(operation: Operation): string {
  const { client, kind } = operation;
  if (kind === 'get') return `${client}'s read`;
  return kind === 'put'
    ? `${client}'s put of w${operation.write}`
    : `${client}'s delete (write ${operation.write})`;
}

/** What a replica holds of a key. */
export function holds(record: StoredRecord | undefined): string {
  if (record === undefined) return 'no record';
  const siblings = record.siblings.map(({ write, dot, isTombstone }) => {
    const what = write === undefined ? 'bytes of no write' : `w${write}`;
    return `${isTombstone ? 'a tombstone' : what} (${dot})`;
  });
  return siblings.length === 0 ? 'a record that cannot be read' : listed(siblings);
}

/** `one, two and three`; long lists end in a count. */
export function listed(names: readonly string[]): string {
  if (names.length > NAMES_MAX) {
    const shown = names.slice(0, NAMES_MAX - 1);
    return `${shown.join(', ')} and ${names.length - shown.length} more`;
  }
  const last = names.at(-1) ?? 'nothing';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}

export function clipped(text: string): string {
  const line = text.replaceAll('\n', ' ');
  return line.length <= MESSAGE_CHARS_MAX ? line : `${line.slice(0, MESSAGE_CHARS_MAX)}...`;
}

function levelText(choice: LevelChoice): string {
  return 'level' in choice ? choice.level : `r=${choice.r}, w=${choice.w}`;
}

function knowing(kind: 'put' | 'delete', given: readonly WriteId[] | undefined): string {
  if (given === undefined)
    return kind === 'put' ? 'replacing what the node has' : 'whatever the node has';
  return `knowing ${listed(given.map((write) => `w${write}`))}`;
}

function sees({ seen, received, required, answeredBy }: ReadOperation): string {
  const values = seen.map(({ write, text, dot }: Seen) => {
    return `${write === undefined ? `'${clipped(text)}'` : `w${write}`} (${dot})`;
  });
  const replies = received === 1 ? '1 reply' : `${received} replies`;
  const from = answeredBy === undefined ? replies : listed(answeredBy);
  return `sees ${listed(values)}, from ${from}, ${required} needed`;
}

function acknowledged(operation: WriteOperation): string {
  const { acknowledgedBy, required, durable, dot, siblings, found } = operation;
  if (found === false)
    return `is told by ${listed(acknowledgedBy)} that there is nothing to delete`;
  const facts = [`${required} needed`];
  if (durable !== acknowledgedBy.length) facts.push(`${durable} durable`);
  if (siblings !== undefined && siblings > 1) facts.push(`${siblings} siblings`);
  const named = dot === undefined ? '' : ` as ${dot}`;
  return `is acknowledged${named} by ${listed(acknowledgedBy)}, ${facts.join(', ')}`;
}

function failed({ outcome, code, message, endUs }: Operation): string {
  if (endUs === Number.POSITIVE_INFINITY && code === undefined) return 'never ends';
  const error = `${code ?? 'no code'}${message === undefined ? '' : `: ${clipped(message)}`}`;
  return outcome === 'refused' ? `is refused (${error})` : `may or may not be applied (${error})`;
}
