/** The objects that `--json` prints: a promise to scripts, the same for every release of a major
 *  version. */
import type { DeleteResult, GetResult, PutResult, Replies, RequestTrace } from '../client/types.ts';
import { encodeValue } from './value-text.ts';

export interface KeyName {
  readonly bucket: string;
  readonly key: string;
}

export function getJson(name: KeyName, result: GetResult) {
  return {
    ...keyFields(name),
    found: result.found,
    siblings: result.siblings.map(({ value, dot, writtenAtMs }) => ({
      ...encodeValue(value),
      dot,
      writtenAt: isoTime(writtenAtMs),
    })),
    context: result.context,
    level: result.level,
    replies: repliesJson(result.replies),
    elapsedMs: rounded(result.elapsedMs),
    ...traceFields(result.trace),
  };
}

export function putJson(name: KeyName, result: PutResult, isOverwrite: boolean) {
  return {
    ...keyFields(name),
    ...writeFields(result),
    ...(isOverwrite ? { overwrite: true } : {}),
    ...traceFields(result.trace),
  };
}

export function deleteJson(name: KeyName, result: DeleteResult) {
  return {
    ...keyFields(name),
    found: result.found,
    ...writeFields(result),
    ...traceFields(result.trace),
  };
}

/** One line. */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

/** ISO 8601 in UTC; a time that no calendar holds stays a number. */
export function isoTime(unixMs: number): string {
  const time = new Date(unixMs);
  return Number.isNaN(time.getTime()) ? String(unixMs) : time.toISOString();
}

function keyFields({ bucket, key }: KeyName) {
  return { bucket, key };
}

function writeFields(result: PutResult | DeleteResult) {
  return {
    context: result.context,
    siblings: result.siblings,
    level: result.level,
    acks: repliesJson(result.acks),
    durable: result.durable,
    requestId: result.requestId,
    elapsedMs: rounded(result.elapsedMs),
  };
}

function repliesJson({ required, received, nodes, standIns }: Replies) {
  return { required, received, nodes, ...(standIns === undefined ? {} : { standIns }) };
}

function traceFields(trace: RequestTrace | undefined) {
  if (trace === undefined) return {};
  const steps = trace.steps.map(({ sentAtMs, answeredAtMs, outcome, ...step }) => ({
    ...step,
    sentAtMs: rounded(sentAtMs),
    // Before the reply was sent. On the wire, absent is 0 and the empty text.
    answeredAtMs: answeredAtMs === 0 ? null : rounded(answeredAtMs),
    outcome: answeredAtMs === 0 && outcome === '' ? null : outcome,
  }));
  return { trace: { ...trace, steps, elapsedMs: rounded(trace.elapsedMs) } };
}

function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
