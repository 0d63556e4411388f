/** What is noted of a request once it is over, for the history.
 *  Invariant: notes of one kind and outcome have one shape. They are written out field by field: an
 *  object made by a spread in code that is run often gets a shape of its own, and the checkers,
 *  which read all of them, are slow from then on.
 *  Not here: asking (script-client.ts), judging (checkers). */
import type { DeleteResult, GetResult, PutResult } from '../../client/types.ts';
import type { ReadOperation, Seen, WriteId, WriteOperation } from '../history.ts';
import type { LevelChoice } from '../scenario.ts';
import { type Attempt, wordsOf, writeOutcome } from './attempt.ts';

/** What was asked for, by whom and when. */
export interface AskedFor {
  readonly id: number;
  readonly client: string;
  readonly key: string;
  readonly level: LevelChoice;
  readonly startUs: number;
}

export interface WriteFacts extends AskedFor {
  readonly kind: 'put' | 'delete';
  readonly write: WriteId;
  /** See WriteOperation. */
  readonly given: readonly WriteId[] | undefined;
  readonly looksFirst: boolean;
  readonly isSentOnce: boolean;
  readonly set: Pick<WriteOperation, 'elements' | 'removes'> | undefined;
  readonly isSloppy: boolean;
}

type Draft<Noted> = { -readonly [Field in keyof Noted]: Noted[Field] };

/** `seen`: the values of an answer; empty when there was none. */
export function notedRead(
  { id, client, key, level, startUs }: AskedFor,
  tried: Attempt<GetResult>,
  seen: readonly Seen[],
): ReadOperation {
  const { endUs } = tried;
  if (tried.kind === 'done') {
    const { required, received, nodes } = tried.result.replies;
    return {
      kind: 'get',
      id,
      client,
      key,
      level,
      startUs,
      endUs,
      outcome: 'ok',
      seen,
      received,
      required,
      answeredBy: nodes,
    };
  }
  const { code, message } = wordsOf(tried);
  return {
    kind: 'get',
    id,
    client,
    key,
    level,
    startUs,
    endUs,
    outcome: 'refused',
    code,
    message,
    seen,
    received: 0,
    required: 0,
  };
}

export function notedWrite(
  facts: WriteFacts,
  tried: Attempt<PutResult | DeleteResult>,
): WriteOperation {
  const { id, client, key, level, startUs, kind, write, given, set } = facts;
  const note: Draft<WriteOperation> = {
    kind,
    id,
    client,
    key,
    level,
    startUs,
    endUs: tried.endUs,
    write,
    outcome: writeOutcome(tried),
    given,
    acknowledgedBy: NOBODY,
    durable: 0,
    required: 0,
  };
  if (tried.kind === 'done') noteAcknowledgement(note, tried.result);
  else {
    const { code, message } = wordsOf(tried);
    note.code = code;
    note.message = message;
  }
  if (facts.isSloppy) note.isSloppy = true;
  if (facts.looksFirst) note.looksFirst = true;
  if (facts.isSentOnce) note.isSentOnce = true;
  if (set?.elements !== undefined) note.elements = set.elements;
  if (set?.removes !== undefined) note.removes = set.removes;
  return note;
}

const NOBODY: readonly string[] = [];

function noteAcknowledgement(note: Draft<WriteOperation>, result: PutResult | DeleteResult): void {
  note.acknowledgedBy = result.acks.nodes;
  if (result.acks.standIns !== undefined) note.standIns = result.acks.standIns;
  note.durable = result.durable;
  note.required = result.acks.required;
  note.siblings = result.siblings;
  if ('dot' in result) note.dot = result.dot;
  else note.found = result.found;
}
