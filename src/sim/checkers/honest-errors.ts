/** Is what a client is told true? `refused` must mean that nobody will ever see the write, `ok`
 *  that as many replicas as the level asks for have it, and every error has a code that people can
 *  look up.
 *  Invariant: a write that was tried several times may show as soon as one try of it that was not
 *  refused has begun.
 *  Not here: whether what was acknowledged stays (no-lost-write).
 *  Source: ARCHITECTURE 5.22; docs/guarantees.md, G4. */
import { isErrorCode } from '../../core/errors.ts';
import type { History, Operation, ReadOperation, WriteId, WriteOperation } from '../history.ts';
import type { Checker } from './checker.ts';
import { Findings } from './findings.ts';
import { neededBy } from './strictness.ts';

const NAME = 'honest-errors';

export const honestErrors: Checker = {
  name: NAME,
  promise: 'G4: what was refused is never seen, what was acknowledged names who has it',
  needs: [],
  check(history) {
    const findings = new Findings(NAME);
    for (const operation of history.operations) {
      if (operation.outcome === 'ok') checkAcknowledged(history, operation, findings);
      else checkError(operation, findings);
    }
    checkRefused(history, findings);
    return findings.violations;
  },
};

function checkAcknowledged(history: History, operation: Operation, findings: Findings): void {
  const { key, id, kind, required } = operation;
  const needed = neededBy(operation, history.replicas);
  const isIdle = kind === 'delete' && operation.found === false;
  // A delete that found nothing wrote nothing: what it counts are the answers to its read.
  if (required < needed && !isIdle) {
    const message = `${named(operation)} counted on ${required}, its level needs ${needed}`;
    findings.add(key, [id], message);
  }
  if (kind !== 'get') {
    checkNames(history, operation, findings);
    const durable = operation.durable + standInsOf(operation).length;
    if (durable < required && !isIdle) {
      const message = `${named(operation)} was acknowledged with ${durable} durable`;
      findings.add(key, [id], `${message} copies, ${required} are required`);
    }
  } else if (operation.received < required) {
    const message = `${named(operation)} was answered with ${operation.received} replies`;
    findings.add(key, [id], `${message}, ${required} are required`);
  }
}

function checkNames(history: History, operation: WriteOperation, findings: Findings): void {
  const { key, id, acknowledgedBy, required } = operation;
  const standIns = standInsOf(operation);
  const names = new Set(acknowledgedBy);
  const all = new Set([...acknowledgedBy, ...standIns]);
  if (all.size < required) {
    const told = [...all].join(', ') || 'nobody';
    const message = `${named(operation)} was acknowledged by ${told}`;
    findings.add(key, [id], `${message}, ${required} different nodes are required`);
  }
  if (standIns.length > 0 && !allowsStandIns(operation)) {
    const message = `${named(operation)} counted ${standIns.join(', ')}`;
    findings.add(key, [id], `${message}, which stand in, and did not ask for that`);
  }
  if (history.contents.length < history.replicas) return;
  for (const name of standIns) {
    const node = history.contents.find((contents) => contents.node === name);
    if (node?.owns(key) !== true) continue;
    const message = `${named(operation)} counted ${name} as one that stands in`;
    findings.add(key, [id], `${message}, which is a replica of key ${key}`);
  }
  for (const name of names) {
    const node = history.contents.find((contents) => contents.node === name);
    if (node?.owns(key)) continue;
    const message = `${named(operation)} was acknowledged by ${name}`;
    findings.add(key, [id], `${message}, which is no replica of key ${key}`);
  }
}

const NOBODY: readonly string[] = [];

function standInsOf(operation: WriteOperation): readonly string[] {
  return operation.standIns ?? NOBODY;
}

function allowsStandIns({ isSloppy, level }: WriteOperation): boolean {
  return isSloppy === true || ('level' in level && level.level === 'any');
}

function checkError(operation: Operation, findings: Findings): void {
  const { key, id, code, message: told = '', endUs } = operation;
  if (code === undefined) {
    if (operation.outcome === 'unknown' && endUs === Number.POSITIVE_INFINITY) return;
    findings.add(key, [id], `${named(operation)} failed without a code`);
  } else if (!isErrorCode(code)) {
    findings.add(key, [id], `${named(operation)} failed with ${code}, which is no known code`);
  } else if (code === 'ASSERTION_FAILED') {
    findings.add(key, [id], `${named(operation)} met a bug: ${told}`);
  }
}

/** Tries of one write. */
interface Tries {
  readonly refused: WriteOperation;
  /** When the first try that was not refused began; Infinity when there is none. */
  readonly fromUs: number;
}

function checkRefused(history: History, findings: Findings): void {
  const refused = refusedWrites(history.operations);
  if (refused.size === 0) return;
  for (const operation of history.operations) {
    if (operation.kind === 'get') checkSeen(operation, refused, findings);
  }
  const reported = new Set<WriteId>();
  for (const { node, records } of history.contents) {
    for (const { key, siblings } of records.values()) {
      for (const { write } of siblings) {
        const tries = write === undefined ? undefined : refused.get(write);
        if (write === undefined || tries === undefined || reported.has(write)) continue;
        if (tries.fromUs !== Number.POSITIVE_INFINITY) continue;
        reported.add(write);
        const message = `${named(tries.refused)} was refused, and ${node} has it on its disk`;
        findings.add(key, [tries.refused.id], message);
      }
    }
  }
}

function checkSeen(
  read: ReadOperation,
  refused: ReadonlyMap<WriteId, Tries>,
  findings: Findings,
): void {
  for (const { write } of read.seen) {
    const tries = write === undefined ? undefined : refused.get(write);
    if (tries === undefined || tries.fromUs <= read.endUs) continue;
    const message = `${named(tries.refused)} was refused, and ${named(read)} shows it`;
    findings.add(read.key, [tries.refused.id, read.id], message);
  }
}

function refusedWrites(operations: readonly Operation[]): ReadonlyMap<WriteId, Tries> {
  const refused = new Map<WriteId, WriteOperation>();
  const openFrom = new Map<WriteId, number>();
  for (const operation of operations) {
    if (operation.kind === 'get') continue;
    const { write, startUs } = operation;
    if (operation.outcome === 'refused') {
      if (!refused.has(write)) refused.set(write, operation);
    } else {
      openFrom.set(write, Math.min(openFrom.get(write) ?? startUs, startUs));
    }
  }
  const tries = new Map<WriteId, Tries>();
  for (const [write, operation] of refused) {
    const fromUs = openFrom.get(write) ?? Number.POSITIVE_INFINITY;
    tries.set(write, { refused: operation, fromUs });
  }
  return tries;
}

function named(operation: Operation): string {
  const { kind, id, client, key } = operation;
  if (kind === 'get') return `Read ${id} of key ${key} by ${client}`;
  const what = kind === 'put' ? 'Write' : 'Delete';
  return `${what} ${operation.write} of key ${key} by ${client}`;
}
