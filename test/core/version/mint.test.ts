import { expect, test } from 'vitest';
import { CONTEXT_BYTES_MAX } from '../../../src/core/limits.ts';
import {
  type CausalContext,
  covers,
  EMPTY_CONTEXT,
} from '../../../src/core/version/causal-context.ts';
import {
  contextTokenByteLength,
  encodeContextToken,
} from '../../../src/core/version/context-token.ts';
import { compareDots } from '../../../src/core/version/dot.ts';
import { hlcFromUnixMs, hlcToUnixMs } from '../../../src/core/version/hlc.ts';
import { contextOf, mergeRecords } from '../../../src/core/version/record.ts';
import { recordByteLength } from '../../../src/core/version/record-codec.ts';
import {
  bytesOf,
  checksum,
  failureOf,
  ReplicaNode,
  requestIdOf,
  textOf,
  valuesOf,
} from './replicas.ts';

const [A, B, C] = [1, 2, 3];

function settled(...nodes: readonly ReplicaNode[]): string[] {
  for (const a of nodes) for (const b of nodes) a.receive(b.get());
  for (const a of nodes) for (const b of nodes) a.receive(b.get());
  for (const a of nodes) expect(a.get()).toEqual(nodes[0]!.get());
  return valuesOf(nodes[0]!.get());
}

test("a client that writes on with its own replies' contexts never drops a sibling it was not shown", () => {
  const node = new ReplicaNode(A);
  const a1 = node.put('a1');
  node.put('b1');
  const a2 = node.put('a2', a1.replyContext);
  expect(valuesOf(node.get())).toEqual(['a2', 'b1']);
  expect(a2.siblings).toBe(2);
  node.put('a3', a2.replyContext);
  expect(valuesOf(node.get())).toEqual(['a3', 'b1']);
});

test('a reply carries the whole context when its own sibling is the only one, else only what was shown', () => {
  const node = new ReplicaNode(A);
  const first = node.put('a');
  expect(first.replyContext).toEqual(contextOf(first.record));
  const beside = node.put('b');
  expect(beside.replyContext).toEqual({ vector: [], dots: [beside.dot] });
  const after = node.put('b2', beside.replyContext);
  expect(after.replyContext).toEqual({ vector: [], dots: [beside.dot, after.dot] });
  const merged = node.put('all', node.context());
  expect(merged.siblings).toBe(1);
  expect(merged.replyContext).toEqual(contextOf(merged.record));
});

test('99 interleaved writes of two clients with stale contexts leave exactly 2 siblings', () => {
  const nodes = [new ReplicaNode(A), new ReplicaNode(B), new ReplicaNode(C)];
  const contexts = [EMPTY_CONTEXT, EMPTY_CONTEXT];
  for (let write = 0; write < 99; write += 1) {
    const client = write % 2;
    const minter = nodes[write % 3]!;
    const outcome = minter.put(`${client}:${write}`, contexts[client]);
    contexts[client] = outcome.replyContext;
    for (const node of nodes) node.receive(outcome.record);
  }
  expect(settled(...nodes)).toEqual(['0:98', '1:97']);
});

test('a dot that the minter has not got yet stays single until its vector covers it', () => {
  const [a, b] = [new ReplicaNode(A), new ReplicaNode(B)];
  a.put('hidden');
  const shown = a.put('shown');
  const later = b.put('later', shown.replyContext);
  expect(later.record.dots).toEqual([shown.dot]);
  b.receive(a.get());
  expect(b.get().dots).toEqual([]);
  expect(valuesOf(b.get())).toEqual(['hidden', 'later']);
});

test('the newest own epoch is used again while the copy is whole', () => {
  const node = new ReplicaNode(A);
  const first = node.put('a');
  expect(first.dot).toEqual({ nodeIndex: A, epoch: first.dot.seq, seq: first.dot.seq });
  const second = node.put('b', first.replyContext);
  expect(second.dot.epoch).toBe(first.dot.epoch);
  expect(second.record.vector).toHaveLength(1);
});

test('an own epoch that an older container brought back after quarantine swallows nothing', () => {
  const [a, b, c] = [new ReplicaNode(A), new ReplicaNode(B), new ReplicaNode(C)];
  const old = a.put('old');
  c.receive(old.record);
  const acked = a.put('acked', old.replyContext);
  b.receive(acked.record);
  // A's record rots; C, which missed the second write, refills it.
  a.record = undefined;
  a.raiseFloor();
  a.receive(c.get());
  const blind = a.put('blind');
  expect(blind.dot.epoch).toBe(blind.dot.seq);
  expect(settled(a, b, c)).toEqual(['acked', 'blind']);
});

test('an unreadable copy that was partly refilled begins a new epoch', () => {
  const [a, b] = [new ReplicaNode(A), new ReplicaNode(B)];
  const old = a.put('old').record;
  b.receive(a.put('acked').record);
  a.record = old;
  a.isReadable = false;
  expect(a.put('blind').dot.epoch).toBe(a.tick);
  expect(settled(a, b)).toEqual(['acked', 'blind', 'old']);
});

test('a wiped copy does not restart an actor whose events live on elsewhere (kv679)', () => {
  const [a, b] = [new ReplicaNode(A), new ReplicaNode(B)];
  for (const value of ['1', '2', '3']) a.put(value, a.context());
  b.receive(a.get());
  a.record = undefined;
  a.put('new');
  expect(settled(a, b)).toEqual(['3', 'new']);
});

test('a copy restored from a backup does not go on where newer events were issued', () => {
  const [a, b] = [new ReplicaNode(A), new ReplicaNode(B)];
  const backup = a.put('1').record;
  const second = a.put('2', a.context());
  b.receive(second.record);
  a.record = backup;
  // The client's context shows what was lost.
  const third = a.put('3', second.replyContext);
  expect(third.dot.epoch).toBe(third.dot.seq);
  expect(settled(a, b)).toEqual(['3']);
  // Without a context only the floor, raised when the store was found rolled back, can tell.
  a.record = backup;
  a.raiseFloor();
  const blind = a.put('4');
  expect(blind.dot.epoch).toBe(blind.dot.seq);
  expect(settled(a, b)).toEqual(['3', '4']);
});

test('a tombstone that comes back late does not take a value that was written anew (doomstone)', () => {
  const [a, b] = [new ReplicaNode(A), new ReplicaNode(B)];
  a.put('1');
  const doom = a.delete(a.context()).record;
  a.record = undefined;
  a.put('anew');
  a.receive(doom);
  b.receive(doom);
  expect(settled(a, b)).toEqual(['anew']);
});

test('a context that names an own event above the next tick does not cover the new write', () => {
  const [a, b] = [new ReplicaNode(A), new ReplicaNode(B)];
  const first = a.put('1');
  const ahead = first.dot.seq + 3_600_000 * 4_096;
  const forged = { vector: [{ ...first.dot, seq: ahead }], dots: [] };
  b.receive(a.get());
  const second = a.put('2', forged);
  expect(second.dot).toEqual({ nodeIndex: A, epoch: second.dot.seq, seq: second.dot.seq });
  expect(settled(a, b)).toEqual(['2']);
  const third = b.put('3', second.replyContext);
  const fourth = a.put('4', third.replyContext);
  expect(fourth.dot.epoch).toBe(fourth.dot.seq);
  expect(settled(a, b)).toEqual(['4']);
});

test('a client that saw a single own event which the local copy has lost forbids the epoch', () => {
  const [a, b] = [new ReplicaNode(A), new ReplicaNode(B)];
  const backup = a.put('1').record;
  a.put('hidden');
  const shown = a.put('shown');
  b.receive(a.get());
  a.record = backup;
  expect(shown.replyContext).toEqual({ vector: [], dots: [shown.dot] });
  const next = a.put('next', shown.replyContext);
  expect(next.dot.epoch).toBe(next.dot.seq);
  expect(settled(a, b)).toEqual(['1', 'hidden', 'next']);
});

test('an own single event above the local entry forbids the epoch', () => {
  const [a, b] = [new ReplicaNode(A), new ReplicaNode(B)];
  const backup = a.put('1').record;
  a.put('2');
  const third = a.put('3');
  b.receive(a.get());
  a.record = backup;
  const other = new ReplicaNode(C);
  a.receive(other.put('x', third.replyContext).record);
  expect(a.get().dots).toEqual([third.dot]);
  expect(a.put('4').dot.epoch).toBe(a.tick);
  expect(settled(a, b, other)).toEqual(['1', '2', '4', 'x']);
});

test('no epoch begun before the floor is used again, and those begun after it are', () => {
  const node = new ReplicaNode(A);
  node.put('1');
  const floor = node.tick + 1;
  const second = node.put('2', node.context(), { epochFloor: floor });
  expect(second.dot.epoch).toBe(second.dot.seq);
  const third = node.put('3', node.context(), { epochFloor: floor });
  expect(third.dot.epoch).toBe(second.dot.epoch);
  expect(third.record.vector).toHaveLength(2);
});

test('a tick that the record already knows is refused, and may be tried again', () => {
  const node = new ReplicaNode(A);
  const first = node.put('1');
  const failure = failureOf(() => node.put('2', first.replyContext, { seq: first.dot.seq }));
  expect(failure).toMatchObject({ code: 'CLOCK_SKEW', applied: 'no', retryable: true });
});

test('a context more than 24 h ahead of the clock is refused, one of 24 h is not', () => {
  const node = new ReplicaNode(A);
  const unixMs = hlcToUnixMs(node.tick);
  const limit = hlcFromUnixMs(unixMs + 24 * 3_600_000);
  const at = (seq: number): CausalContext => ({
    vector: [],
    dots: [{ nodeIndex: B, epoch: 5, seq }],
  });
  expect(failureOf(() => node.put('1', at(limit + 1), { unixMs })).code).toBe('INVALID_CONTEXT');
  const vectorOf = (seq: number) => ({ vector: at(seq).dots, dots: [] });
  expect(failureOf(() => node.put('1', vectorOf(limit + 1), { unixMs })).code).toBe(
    'INVALID_CONTEXT',
  );
  expect(node.put('1', at(limit), { unixMs }).kind).toBe('minted');
});

test('overwrite replaces all that the minter holds and nothing that it has never seen', () => {
  const [a, b] = [new ReplicaNode(A), new ReplicaNode(B)];
  a.put('1');
  a.put('2');
  b.put('elsewhere');
  const outcome = a.put('over', EMPTY_CONTEXT, { overwrite: true });
  expect(outcome.siblings).toBe(1);
  expect(outcome.replyContext).toEqual(a.context());
  expect(settled(a, b)).toEqual(['elsewhere', 'over']);
});

test('a delete leaves a tombstone with a dot of its own and takes only what its context had seen', () => {
  const node = new ReplicaNode(A);
  const seen = node.put('seen');
  node.put('unseen');
  const outcome = node.delete(seen.replyContext);
  expect(outcome).toMatchObject({ kind: 'minted', siblings: 1 });
  expect(valuesOf(node.get())).toEqual(['unseen']);
  const stone = node.get().siblings.find((sibling) => sibling.isTombstone);
  expect(stone).toMatchObject({ dot: outcome.dot });
  expect(covers(outcome.replyContext, seen.dot)).toBe(true);
  node.put('next', node.context());
  expect(node.get().siblings.map((sibling) => textOf(sibling.value))).toEqual(['next']);
});

test('a blind delete with overwrite removes all that the minter has', () => {
  const node = new ReplicaNode(A);
  node.put('1');
  node.put('2');
  expect(node.delete(EMPTY_CONTEXT, { overwrite: true }).siblings).toBe(0);
  expect(node.get().siblings).toHaveLength(1);
});

test('a repeated request is answered with its first dot and the record as it is', () => {
  const node = new ReplicaNode(A);
  const first = node.put('1', EMPTY_CONTEXT, { requestId: requestIdOf(7) });
  node.put('2');
  const before = node.get();
  const again = node.put('1', EMPTY_CONTEXT, { requestId: requestIdOf(7) });
  expect(again).toMatchObject({ kind: 'repeated', dot: first.dot, siblings: 2 });
  expect(again.record).toBe(before);
  expect(again.replyContext).toEqual({ vector: [], dots: [first.dot] });
  const stone = node.delete(node.context(), { requestId: requestIdOf(8) });
  const repeated = node.delete(EMPTY_CONTEXT, { requestId: requestIdOf(8) });
  expect(repeated).toMatchObject({ kind: 'repeated', dot: stone.dot, siblings: 0 });
  expect(repeated.replyContext).toEqual(node.context());
});

test('a request id used again for another value, expiry or operation is refused', () => {
  const node = new ReplicaNode(A);
  const requestId = requestIdOf(7);
  node.put('1', EMPTY_CONTEXT, { requestId });
  const put = { kind: 'put', value: bytesOf('1'), meta: bytesOf(''), requestId } as const;
  const expiring = { ...put, expiresAtMs: 9 };
  for (const run of [
    () => node.put('2', EMPTY_CONTEXT, { requestId }),
    () => node.put('1', EMPTY_CONTEXT, { requestId, meta: bytesOf('m') }),
    () => node.write(expiring, EMPTY_CONTEXT, {}),
    () => node.delete(EMPTY_CONTEXT, { requestId }),
  ]) {
    expect(failureOf(run)).toMatchObject({ code: 'INVALID_ARGUMENT', applied: 'no' });
  }
  expect(valuesOf(node.get())).toEqual(['1']);
});

test('a mint that drops one of two dots of one request drops the other too', () => {
  const [a, b] = [new ReplicaNode(A), new ReplicaNode(B)];
  const requestId = requestIdOf(7);
  const first = a.put('twice', EMPTY_CONTEXT, { requestId });
  b.put('twice', EMPTY_CONTEXT, { requestId });
  b.put('other');
  b.receive(a.get());
  expect(b.get().siblings).toHaveLength(3);
  expect(valuesOf(b.get())).toEqual(['other', 'twice']);
  b.delete(first.replyContext);
  expect(settled(a, b)).toEqual(['other']);
});

test('two values under one request id are both shown and only the seen one is dropped', () => {
  const [a, b] = [new ReplicaNode(A), new ReplicaNode(B)];
  const requestId = requestIdOf(7);
  const first = a.put('mine', EMPTY_CONTEXT, { requestId });
  b.put('yours', EMPTY_CONTEXT, { requestId });
  b.receive(a.get());
  expect(valuesOf(b.get())).toEqual(['mine', 'yours']);
  b.put('next', first.replyContext);
  expect(valuesOf(b.get())).toEqual(['next', 'yours']);
});

test('at the sibling limit a blind put is refused with all that is needed to merge', () => {
  const node = new ReplicaNode(A);
  for (const value of ['1', '2', '3']) node.put(value, EMPTY_CONTEXT, { siblingsMax: 3 });
  const failure = failureOf(() => node.put('4', EMPTY_CONTEXT, { siblingsMax: 3 }));
  expect(failure).toMatchObject({
    code: 'SIBLING_LIMIT',
    applied: 'no',
    details: { count: 3, limit: 3, context: node.context() },
  });
  expect(node.put('all', node.context(), { siblingsMax: 3 }).siblings).toBe(1);
});

test('above the sibling limit a put that leaves no more than before is taken', () => {
  const node = new ReplicaNode(A);
  const replies = ['1', '2', '3', '4'].map((value) => node.put(value));
  const [, second] = replies;
  expect(node.put('5', second?.replyContext, { siblingsMax: 2 }).siblings).toBe(4);
});

test('a record of exactly the largest size is taken, one byte more is refused', () => {
  const [node, twin] = [new ReplicaNode(A), new ReplicaNode(A)];
  const size = recordByteLength(node.put('12345').record);
  twin.put('12345', EMPTY_CONTEXT, { recordBytesMax: size });
  const other = new ReplicaNode(A);
  const failure = failureOf(() => other.put('12345', EMPTY_CONTEXT, { recordBytesMax: size - 1 }));
  expect(failure).toMatchObject({
    code: 'SIBLING_LIMIT',
    details: { count: 1, bytes: size, bytesMax: size - 1 },
  });
});

test('a client that writes on beside a sibling it never reads always gets a context that fits', () => {
  const node = new ReplicaNode(A);
  const seen = Array.from({ length: 1_050 }, (_, index) => ({
    nodeIndex: 1_000 * (1 + (index % 60)) + index,
    epoch: node.tick,
    seq: 2 * node.tick - index,
  })).sort(compareDots);
  let context: CausalContext = { vector: [], dots: seen };
  node.put('unread');
  const lengths: number[] = [];
  for (let write = 0; write < 300; write += 1) {
    const outcome = node.put(`mine ${write}`, context, { unixMs: hlcToUnixMs(3 * node.tick) });
    context = outcome.replyContext;
    lengths.push(contextTokenByteLength(context));
    expect(covers(context, outcome.dot)).toBe(true);
    expect(outcome.siblings).toBe(2);
  }
  expect(Math.max(...lengths)).toBeLessThanOrEqual(CONTEXT_BYTES_MAX);
  expect(Math.max(...lengths)).toBeGreaterThan(CONTEXT_BYTES_MAX - 20);
  expect(Math.min(...lengths)).toBeLessThan(100);
  expect(valuesOf(node.get())).toEqual(['mine 299', 'unread']);
});

test('a vector of more actors than a token can name still yields a context that fits', () => {
  const node = new ReplicaNode(A);
  const vector = Array.from({ length: 3_000 }, (_, index) => ({
    nodeIndex: 7 + index,
    epoch: node.tick,
    seq: node.tick,
  }));
  node.record = { vector, dots: [], siblings: [] };
  const place = { bucket: 'b', key: bytesOf('k') };
  const failure = failureOf(() => encodeContextToken(node.context(), place, checksum));
  expect(failure.code).toBe('INVALID_CONTEXT');
  const outcome = node.put('only');
  expect(outcome.replyContext).toEqual({ vector: [], dots: [outcome.dot] });
});

test('replicas that saw a retried put and its overwrite in any order end equal', () => {
  const [a, b, c] = [new ReplicaNode(A), new ReplicaNode(B), new ReplicaNode(C)];
  const requestId = requestIdOf(7);
  const first = a.put('r', EMPTY_CONTEXT, { requestId });
  b.put('r', EMPTY_CONTEXT, { requestId });
  c.put('x', first.replyContext);
  const left = mergeRecords(mergeRecords(a.get(), b.get()).record, c.get()).record;
  const right = mergeRecords(a.get(), mergeRecords(b.get(), c.get()).record).record;
  expect(left).toEqual(right);
  expect(valuesOf(left)).toEqual(['r', 'x']);
});
