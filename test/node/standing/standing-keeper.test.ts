/** The memory of peers: durable before it is relied on, and only ever rising. */
import { expect, test } from 'vitest';
import { VERIFY_WAIT_MS } from '../../../src/core/membership/standing.ts';
import { watch } from '../../client/client-rig.ts';
import { emptied, FakeRows, PEER, Rig, SOUND } from './standing-rig.ts';

async function started(peers: readonly number[], rows?: FakeRows): Promise<Rig> {
  const rig = new Rig(rows);
  await rig.keeper.start(SOUND, peers);
  return rig;
}

test('what a peer showed is durable before its greeting is over', async () => {
  const rig = await started([1]);
  const release = rig.rows.hold();
  const greeted = watch(rig.keeper.peerGreeted(1, PEER, undefined));
  await rig.clock.settle();
  expect(greeted.isSettled).toBe(false);
  expect(rig.keeper.standing.state).toBe('UNVERIFIED');
  release();
  await rig.clock.settle();
  expect(greeted.isSettled).toBe(true);
  expect(rig.keeper.standing.state).toBe('SERVING');
});

test('commits of a run that is being made durable are not held against the run before it', async () => {
  const rig = await started([1]);
  await rig.keeper.peerGreeted(1, PEER, undefined);
  const release = rig.rows.hold();
  const later = { ...PEER, run: 6, runs: [...PEER.runs, { id: 'p6', commitSeq: 90 }] };
  const restarted = { ...later, previousRun: 5 };
  const greeted = rig.keeper.peerGreeted(1, restarted, undefined);
  await rig.clock.settle();
  for (const runId of ['p5', 'p6']) rig.keeper.peerCommitted(1, runId, runId === 'p5' ? 85 : 700);
  expect(rig.keeper.isTrusted(1)).toBe(true);
  release();
  await greeted;
  expect(rig.keeper.remembered(1)).toMatchObject({ runId: 'p6', commitSeq: 90 });
  expect(rig.peersLost).toEqual([]);
});

test('a note of commits does not take back what a greeting has just made durable', async () => {
  const rig = await started([1]);
  await rig.keeper.peerGreeted(1, PEER, undefined);
  rig.keeper.peerCommitted(1, 'p5', 80);
  await rig.clock.advance(999);
  const release = rig.rows.hold();
  const greeted = rig.keeper.peerGreeted(1, emptied('w'), undefined);
  await rig.clock.advance(1);
  release();
  await greeted;
  await rig.clock.settle();
  const later = await started([1], rig.rows);
  expect(later.keeper.remembered(1)).toMatchObject({ runId: 'p5', successors: [{ runId: 'w' }] });
});

test('commits that are seen while a greeting is made durable are noted with the next, or at the stop', async () => {
  for (const isStopped of [false, true]) {
    const rig = await started([1]);
    await rig.keeper.peerGreeted(1, PEER, undefined);
    rig.keeper.peerCommitted(1, 'p5', 80);
    await rig.clock.advance(999);
    const release = rig.rows.hold();
    const greeted = rig.keeper.peerGreeted(1, { ...PEER, ceiling: 3_000 }, undefined);
    await rig.clock.settle();
    rig.keeper.peerCommitted(1, 'p5', 95);
    await rig.clock.advance(1);
    const flushed = isStopped ? rig.keeper.flush() : undefined;
    release();
    await greeted;
    await (flushed ?? rig.clock.advance(1_000));
    const later = await started([1], rig.rows);
    expect(later.keeper.remembered(1)?.commitSeq).toBe(95);
  }
});

test('commits count for the run they are of, however late they come', async () => {
  const rig = await started([1]);
  await rig.keeper.peerGreeted(1, PEER, undefined);
  const wiped = emptied('w1');
  await rig.keeper.peerGreeted(1, wiped, undefined);
  rig.keeper.peerCommitted(1, 'p5', 5_000);
  const rebuilt = { ...wiped, statement: 1, madeGood: ['p5'] };
  const release = rig.rows.hold();
  const greeted = rig.keeper.peerGreeted(1, rebuilt, undefined);
  await rig.clock.settle();
  rig.keeper.peerCommitted(1, 'w1', 300);
  release();
  await greeted;
  expect(rig.keeper.remembered(1)).toMatchObject({ runId: 'w1', commitSeq: 300 });
});

test.each([Number.POSITIVE_INFINITY, 80.5])('%d is no commit', async (commitSeq) => {
  const rig = await started([1]);
  await rig.keeper.peerGreeted(1, PEER, undefined);
  rig.keeper.peerCommitted(1, 'p5', commitSeq);
  expect(rig.keeper.remembered(1)?.commitSeq).toBe(70);
});

test('two stores that are shown while the first is being made durable are both remembered', async () => {
  const rig = await started([1]);
  await rig.keeper.peerGreeted(1, PEER, undefined);
  const release = rig.rows.hold();
  const greeted = ['w', 'v'].map((run) => rig.keeper.peerGreeted(1, emptied(run), undefined));
  release();
  await Promise.all(greeted);
  const successors = rig.keeper.remembered(1)?.successors.map(({ runId }) => runId);
  expect(successors).toEqual(['w', 'v']);
});

test('a greeting that cannot be made durable does not stop the next one', async () => {
  const rig = await started([1]);
  rig.rows.failure = new Error('The disk is full');
  await expect(rig.keeper.peerGreeted(1, PEER, undefined)).rejects.toThrow('full');
  rig.rows.failure = undefined;
  await rig.keeper.peerGreeted(1, PEER, undefined);
  expect(rig.keeper.remembered(1)).toMatchObject({ runId: 'p5' });
});

test('a peer that shows nothing new costs no write', async () => {
  const rig = await started([1]);
  await rig.keeper.peerGreeted(1, PEER, undefined);
  const before = rig.rows.writeCount;
  await rig.keeper.peerGreeted(1, PEER, undefined);
  expect(rig.rows.writeCount).toBe(before);
});

test('what is remembered outlives a restart', async () => {
  const first = await started([1]);
  await first.keeper.peerGreeted(1, PEER, undefined);
  const second = await started([1], first.rows);
  expect(second.keeper.remembered(1)).toEqual({
    storeId: 'peer',
    run: 5,
    runId: 'p5',
    ceiling: 2_000,
    commitSeq: 70,
    successors: [],
  });
});

test('a peer that came back below what is remembered is not trusted, and does not replace the memory', async () => {
  const rig = await started([1]);
  await rig.keeper.peerGreeted(1, PEER, undefined);
  expect(rig.keeper.isTrusted(1)).toBe(true);
  await rig.keeper.peerGreeted(1, emptied('w1'), undefined);
  expect(rig.keeper.isTrusted(1)).toBe(false);
  expect(rig.keeper.remembered(1)).toMatchObject({ storeId: 'peer', run: 5 });
  rig.keeper.peerCommitted(1, 'w1', 900);
  expect(rig.keeper.remembered(1)?.commitSeq).toBe(70);
});

test('nobody is trusted before it has greeted', async () => {
  const first = await started([1]);
  await first.keeper.peerGreeted(1, PEER, undefined);
  const second = await started([1], first.rows);
  expect(second.keeper.isTrusted(1)).toBe(false);
  expect(second.keeper.isTrusted(7)).toBe(false);
});

test('commits of peers are remembered at once and noted durably once a second, however many there are', async () => {
  const rig = await started([1, 2]);
  await rig.keeper.peerGreeted(1, PEER, undefined);
  await rig.keeper.peerGreeted(2, { ...PEER, storeId: 'third' }, undefined);
  const before = rig.rows.writeCount;
  for (let commitSeq = 71; commitSeq < 171; commitSeq += 1) {
    for (const peer of [1, 2]) rig.keeper.peerCommitted(peer, 'p5', commitSeq);
  }
  rig.keeper.peerCommitted(1, 'p5', 100);
  expect(rig.keeper.remembered(1)?.commitSeq).toBe(170);
  expect(rig.rows.writeCount).toBe(before);
  await rig.clock.advance(1_000);
  expect(rig.rows.writeCount).toBe(before + 1);
  const later = await started([1, 2], rig.rows);
  expect(later.keeper.remembered(2)?.commitSeq).toBe(170);
});

test('commits that could not be noted are logged, and tried again with the next', async () => {
  const rig = await started([1]);
  await rig.keeper.peerGreeted(1, PEER, undefined);
  rig.rows.failure = new Error('disk');
  rig.keeper.peerCommitted(1, 'p5', 80);
  await rig.clock.advance(1_000);
  expect(rig.notes.events('peer-commits-not-noted')).toHaveLength(1);
  rig.rows.failure = undefined;
  rig.keeper.peerCommitted(1, 'p5', 81);
  await rig.clock.advance(1_000);
  const later = await started([1], rig.rows);
  expect(later.keeper.remembered(1)?.commitSeq).toBe(81);
});

test('a node serves when every member has answered or is out of reach', async () => {
  const rig = await started([1, 2, 3]);
  await rig.keeper.peerGreeted(1, PEER, undefined);
  rig.keeper.peerReach(2, true);
  expect(rig.keeper.standing.state).toBe('UNVERIFIED');
  rig.keeper.peerReach(3, true);
  expect(rig.keeper.standing.state).toBe('SERVING');
  rig.keeper.peerReach(3, false);
  expect(rig.keeper.standing.state).toBe('SERVING');
  expect(rig.changes).toEqual(['SERVING']);
});

test('a node whose members are all out of reach stays unverified', async () => {
  const rig = await started([1, 2]);
  rig.keeper.peerReach(1, true);
  rig.keeper.peerReach(2, true);
  await rig.clock.advance(10_000);
  expect(rig.keeper.standing.state).toBe('UNVERIFIED');
});

test('a node that nobody answers serves alone after the wait, if its folder has served before', async () => {
  const fresh = await started([1]);
  await fresh.clock.advance(10 * VERIFY_WAIT_MS);
  expect(fresh.keeper.mayServe(0)).toBe(false);
  await fresh.keeper.peerGreeted(1, PEER, undefined);
  expect(fresh.keeper.mayServe(0)).toBe(true);

  const again = await started([1], fresh.rows);
  await again.clock.advance(VERIFY_WAIT_MS - 1);
  expect(again.keeper.mayServe(0)).toBe(false);
  await again.clock.advance(1);
  expect(again.keeper.mayServe(0)).toBe(true);
  expect(again.keeper.isVerified(0)).toBe(false);
  expect(again.keeper.standing.state).toBe('UNVERIFIED');
});

test('that a folder has served is noted once', async () => {
  const first = await started([1]);
  await first.keeper.peerGreeted(1, PEER, undefined);
  expect(first.rows.rows.get('served')).toEqual(Uint8Array.of(1));
  const again = await started([1], first.rows);
  const before = again.rows.writeCount;
  await again.keeper.peerGreeted(1, PEER, undefined);
  expect(again.keeper.standing.state).toBe('SERVING');
  expect(again.rows.writeCount).toBe(before);
});

test('a note that cannot be written is logged, and the node serves', async () => {
  const rig = await started([]);
  expect(rig.keeper.standing.state).toBe('SERVING');
  const failing = new FakeRows();
  failing.failure = new Error('disk');
  const other = await started([], failing);
  await other.clock.settle();
  expect(other.keeper.mayServe(0)).toBe(true);
  expect(other.notes.events('served-not-noted')).toHaveLength(1);
  expect(rig.notes.events('served-not-noted')).toHaveLength(0);
});

test('damage that comes to light later ends the serving, and nothing brings it back', async () => {
  const rig = await started([1]);
  await rig.keeper.peerGreeted(1, PEER, undefined);
  rig.keeper.reportDamage('bad block');
  expect(rig.keeper.standing).toEqual({ state: 'RECOVERING', reason: 'bad block' });
  await rig.keeper.peerGreeted(1, PEER, undefined);
  await rig.clock.advance(10_000);
  expect(rig.keeper.standing.state).toBe('RECOVERING');
  expect(rig.changes).toEqual(['SERVING', 'RECOVERING']);
});

test.each([
  ['an unknown format', Uint8Array.of(9, 1), 'VERSION_UNSUPPORTED'],
  ['fields missing', Uint8Array.of(1, 0x7b, 0x7d), 'MALFORMED_MESSAGE'],
  ['a number', Uint8Array.of(1, 0x31), 'MALFORMED_MESSAGE'],
])('a row about a member with %s stops the start', async (_, row, code) => {
  const rows = new FakeRows();
  rows.rows.set('peer|1', row);
  const rig = new Rig(rows);
  await expect(rig.keeper.start(SOUND, [1])).rejects.toMatchObject({ code });
});
