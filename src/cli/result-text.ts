/** What people see of a get, put or delete: the value first, then how sure it is, then what to do
 *  about siblings. */
import type { DeleteResult, GetResult, PutResult, Replies } from '../client/types.ts';
import { DEFAULT_BUCKET } from '../core/limits.ts';
import { counted } from './counted.ts';
import { isoTime, type KeyName } from './result-json.ts';
import type { Look } from './table.ts';
import { milliseconds } from './trace-text.ts';
import { displayValue, shellWord } from './value-text.ts';

/** One value: the value alone, with the rest on a terminal only, so that a pipe gets what was
 *  asked for. Several: each with its dot and time, and how to merge. */
export function getText(name: KeyName, result: GetResult, look: Look): string {
  const { siblings } = result;
  const [first] = siblings;
  if (first === undefined) return '';
  const details = [
    `${readText(result)}, ${milliseconds(result.elapsedMs)}`,
    `written ${isoTime(first.writtenAtMs)} as ${first.dot}`,
    `context ${result.context}`,
  ];
  if (siblings.length === 1) {
    const value = `${displayValue(first.value, look.isTerminal)}\n`;
    return look.isTerminal ? `${value}${look.colors.dim(details.join('\n'))}\n` : value;
  }
  const { bold, yellow, dim } = look.colors;
  const lines = [
    yellow(`${name.key} has ${siblings.length} siblings, values that did not replace each other:`),
  ];
  siblings.forEach((sibling, index) => {
    lines.push(`${bold(`[${index}]`)} ${displayValue(sibling.value, look.isTerminal)}`);
    lines.push(dim(`    written ${isoTime(sibling.writtenAtMs)} as ${sibling.dot}`));
  });
  lines.push(
    `To merge them: coterie put ${wordsOf(name)} MERGED_VALUE --context ${result.context}`,
    `To take one:   coterie get ${wordsOf(name)} --raw --sibling 0`,
    dim(details[0] ?? ''),
  );
  return `${lines.join('\n')}\n`;
}

export function notFoundText(name: KeyName, result: GetResult): string {
  return `${name.key} was not found (${readText(result)}).\n`;
}

export function putText(
  name: KeyName,
  result: PutResult,
  look: Look,
  isOverwrite: boolean,
): string {
  const { green, dim } = look.colors;
  const minter = result.acks.nodes.length > 0 ? 'the minting replica had' : 'the stand-in kept';
  const how = isOverwrite ? `overwrote what ${minter}` : 'stored';
  const lines = [
    `${green('ok')} ${how}; ${writtenText(result)}`,
    ...standInLines(result.acks),
    dim(`context ${result.context}`),
  ];
  if (result.siblings > 1) lines.push(...siblingsLines(name, result.siblings, look));
  return `${lines.join('\n')}\n`;
}

export function deleteText(name: KeyName, result: DeleteResult, look: Look): string {
  if (!result.found) return `Nothing to delete: ${name.key} was not found.\n`;
  const { green, dim } = look.colors;
  const lines = [
    `${green('ok')} deleted; ${writtenText(result)}`,
    ...standInLines(result.acks),
    dim(`context ${result.context}`),
  ];
  if (result.siblings > 0) {
    lines.push(
      look.colors.yellow(
        `${name.key} still has ${counted(result.siblings, 'value')} that this delete had not seen.`,
      ),
      `To see what remains: coterie get ${wordsOf(name)}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function siblingsLines(name: KeyName, siblings: number, look: Look): string[] {
  return [
    look.colors.yellow(
      `${name.key} now has ${siblings} siblings: this put did not replace what it had not seen.`,
    ),
    `To merge them: coterie get ${wordsOf(name)}`,
    'and put the merged value with the --context that it shows.',
    'To replace without looking next time: coterie put --overwrite.',
  ];
}

function readText({ level, replies }: GetResult): string {
  return `${level}: ${repliesText(replies, 'answered')}`;
}

function writtenText(result: PutResult | DeleteResult): string {
  const acks = repliesText(result.acks, 'acknowledged');
  return `${result.level}: ${acks}, ${durableText(result)}, ${milliseconds(result.elapsedMs)}`;
}

/** `durable` counts acknowledgements of replicas. A stand-in counts toward the level only when it
 *  has the write on its disk, and never toward this. */
function durableText({ acks, durable }: PutResult | DeleteResult): string {
  const replicas = acks.nodes.length;
  if (acks.standIns !== undefined) {
    return `durable on ${durable === 0 ? 'no replica' : counted(durable, 'replica')}`;
  }
  return durable === replicas ? 'all durable' : `${durable} of them durable`;
}

/** What a write is worth of which members keep a part that are no replicas. */
function standInLines({ nodes, standIns = [] }: Replies): string[] {
  if (standIns.length === 0) return [];
  const names = standIns.join(', ');
  const [keep, have] = standIns.length === 1 ? ['keeps', 'has'] : ['keep', 'have'];
  const seen =
    nodes.length === 0
      ? `no read shows it until ${names} ${have} handed it to a replica`
      : `a read need not show it until ${names} ${have} handed it over`;
  return [`${names} ${keep} it on disk for replicas that are away: ${seen}.`];
}

function repliesText({ required, received, nodes, standIns }: Replies, verb: string): string {
  const names = nodes.length === 0 ? '' : ` (${nodes.join(', ')})`;
  if (standIns === undefined) {
    return `${counted(received, 'replica')} ${verb}${names}, ${required} required`;
  }
  const others = `${standIns.join(', ')} ${standIns.length === 1 ? 'stands' : 'stand'} in`;
  const replicas = nodes.length === 0 ? 'no replica' : counted(nodes.length, 'replica');
  return `${replicas} ${verb}${names}, ${others}, ${required} required`;
}

function wordsOf({ bucket, key }: KeyName): string {
  const word = shellWord(key);
  return bucket === DEFAULT_BUCKET ? word : `${word} --bucket ${bucket}`;
}
