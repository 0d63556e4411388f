/** How a node that is behind becomes one that serves, partition by partition, and what peers make
 *  of what it says of itself. */
import { expect, test } from 'vitest';
import {
  COMMITS_UNKNOWN,
  type OpenedStore,
  type Remembered,
} from '../../../src/core/membership/standing.ts';
import { RECOVERING_ROW } from '../../../src/node/standing/standing-rows.ts';
import { REBUILT_ROW } from '../../../src/node/storage/table-keys.ts';
import { emptied, type FakeRows, PEER, Rig, SOUND } from './standing-rig.ts';

const LIFE = 'a5'.repeat(16);
const LATER_LIFE = 'a6'.repeat(16);
/** What peers remember of this node is another folder. */
const OTHER: Remembered = {
  storeId: 'lost',
  run: 5,
  runId: LIFE,
  ceiling: 70_000,
  commitSeq: 900,
  successors: [],
};
/** A peer with a folder that it began anew. */
const WIPED = emptied('n1');
const nothingToClear = async (): Promise<void> => {};

async function behind(rows?: FakeRows): Promise<Rig> {
  const rig = new Rig(rows);
  await rig.keeper.start(SOUND, [1, 2]);
  await rig.keeper.peerGreeted(1, PEER, OTHER);
  return rig;
}

test('a node that is behind says so, and serves partition by partition', async () => {
  const { keeper } = await behind();
  expect(keeper.standing.state).toBe('RECOVERING');
  expect(keeper.opened).toMatchObject({ isRebuilding: true, statement: 1, madeGood: [] });
  expect([keeper.mayServe(4), keeper.isVerified(4)]).toEqual([false, false]);
  keeper.partitionRebuilt(4, keeper.attempt);
  expect([keeper.mayServe(4), keeper.isVerified(4)]).toEqual([true, true]);
  expect(keeper.mayServe(5)).toBe(false);
  expect(keeper.ceilingSeen).toBe(70_000);
});

test('when all is rebuilt it serves, names the life it has made good, and no longer notes a loss', async () => {
  const { keeper, rows, changes } = await behind();
  let clears = 0;
  const isOver = await keeper.finish(keeper.attempt, async () => {
    clears += 1;
  });
  expect([isOver, clears]).toEqual([true, 1]);
  expect(keeper.standing).toEqual({ state: 'SERVING', reason: '' });
  expect(keeper.opened).toMatchObject({ isRebuilding: false, statement: 2, madeGood: [LIFE] });
  expect(rows.rows.has(RECOVERING_ROW)).toBe(false);
  expect(changes).toEqual(['RECOVERING', 'SERVING']);
  await keeper.peerGreeted(2, PEER, OTHER);
  expect(keeper.standing.state).toBe('SERVING');
  const later = new Rig(rows);
  await later.keeper.start(SOUND, [1, 2]);
  await later.keeper.peerGreeted(1, PEER, OTHER);
  await later.keeper.peerGreeted(2, PEER, OTHER);
  expect(later.keeper.standing.state).toBe('SERVING');
});

test('word of a later life begins all partitions anew, and is made good with the rest', async () => {
  const { keeper } = await behind();
  const first = keeper.attempt;
  keeper.partitionRebuilt(4, first);
  await keeper.peerGreeted(2, PEER, { ...OTHER, run: 6, runId: LATER_LIFE });
  expect(keeper.attempt).toBeGreaterThan(first);
  expect(keeper.isRebuilt(4)).toBe(false);
  keeper.partitionRebuilt(4, first);
  expect(keeper.isRebuilt(4)).toBe(false);
  expect(await keeper.finish(first, nothingToClear)).toBe(false);
  expect(await keeper.finish(keeper.attempt, nothingToClear)).toBe(true);
  expect(keeper.opened.madeGood).toEqual([LIFE, LATER_LIFE]);
});

test('new damage begins all partitions anew, also while the end is being noted', async () => {
  const { keeper, rows } = await behind();
  keeper.partitionRebuilt(4, keeper.attempt);
  const isOver = await keeper.finish(keeper.attempt, async () => keeper.reportDamage('bad block'));
  expect(isOver).toBe(false);
  expect(keeper.standing.state).toBe('RECOVERING');
  expect(keeper.isRebuilt(4)).toBe(false);
  expect(rows.rows.has(RECOVERING_ROW)).toBe(true);
});

/** In the middle of a rebuild, partition 4 of which is done and noted; both members greeted. */
async function halfRebuilt(): Promise<Rig> {
  const rig = await behind();
  await rig.keeper.peerGreeted(2, PEER, undefined);
  rig.keeper.partitionRebuilt(4, rig.keeper.attempt);
  await rig.clock.advance(1_000);
  return rig;
}

/** The same, started again. */
async function begunAnew(): Promise<Rig> {
  const first = await halfRebuilt();
  const second = new Rig(first.rows);
  await second.keeper.start(SOUND, [1, 2]);
  expect(second.keeper.standing.state).toBe('RECOVERING');
  return second;
}

test('a restart in the middle of a rebuild serves nothing, and knows what had been rebuilt', async () => {
  const { keeper } = await begunAnew();
  expect([keeper.isRebuilt(4), keeper.mayServe(4)]).toEqual([false, false]);
  expect([keeper.wasRebuilt(4), keeper.wasRebuilt(5)]).toEqual([true, false]);
  await keeper.peerGreeted(1, PEER, OTHER);
  expect([keeper.mayServe(4), keeper.wasRebuilt(4)]).toEqual([false, true]);
});

test('it is still rebuilt when every member has answered and none has seen more', async () => {
  const { keeper } = await begunAnew();
  expect(keeper.isStillRebuilt(4)).toBe(false);
  const successors = [{ runId: 'r2', commitSeq: 50 }];
  await keeper.peerGreeted(1, PEER, { ...OTHER, successors });
  expect(keeper.isStillRebuilt(4)).toBe(false);
  await keeper.peerGreeted(2, PEER, undefined);
  expect([keeper.isStillRebuilt(4), keeper.isStillRebuilt(5)]).toEqual([true, false]);
  expect([keeper.mayServe(4), keeper.isRebuilt(4)]).toEqual([false, false]);
});

test('it is not when a member has seen a commit of that run which is not here', async () => {
  const { keeper } = await begunAnew();
  const { attempt } = keeper;
  await keeper.peerGreeted(2, PEER, undefined);
  const successors = [{ runId: 'r2', commitSeq: 51 }];
  await keeper.peerGreeted(1, PEER, { ...OTHER, successors });
  expect([keeper.isStillRebuilt(4), keeper.wasRebuilt(4)]).toEqual([false, false]);
  expect(keeper.attempt).toBeGreaterThan(attempt);
});

test('it is not as long as a member does not know how far that run had come', async () => {
  const { keeper } = await begunAnew();
  await keeper.peerGreeted(1, PEER, undefined);
  const successors = [{ runId: 'r3', commitSeq: COMMITS_UNKNOWN }];
  await keeper.peerGreeted(2, PEER, { ...OTHER, successors });
  expect([keeper.isStillRebuilt(4), keeper.wasRebuilt(4)]).toEqual([false, true]);
});

test('nor ever, once a member has lost what it knew', async () => {
  const first = await halfRebuilt();
  const second = new Rig(first.rows);
  await second.keeper.start(SOUND, [1, 2]);
  await second.keeper.peerGreeted(1, PEER, OTHER);
  await second.keeper.peerGreeted(2, WIPED, undefined);
  expect([second.keeper.isStillRebuilt(4), second.keeper.wasRebuilt(4)]).toEqual([false, false]);
  const third = new Rig(second.rows);
  await third.keeper.start(SOUND, [1, 2]);
  for (const [peer, shown] of [PEER, WIPED].entries()) {
    await third.keeper.peerGreeted(1 + peer, shown, peer === 0 ? OTHER : undefined);
  }
  expect([third.keeper.isStillRebuilt(4), third.keeper.wasRebuilt(4)]).toEqual([false, false]);
});

test('what is rebuilt when a member loses what it knew is noted once more, as that of this run', async () => {
  const first = await halfRebuilt();
  await first.keeper.peerGreeted(2, WIPED, undefined);
  await first.clock.advance(1_000);
  const second = new Rig(first.rows);
  await second.keeper.start(SOUND, [1, 2]);
  expect(second.keeper.wasRebuilt(4)).toBe(true);
});

test('a rebuild that ends while its progress is due leaves no note of that', async () => {
  const { keeper, rows, clock } = await behind();
  keeper.partitionRebuilt(4, keeper.attempt);
  expect(await keeper.finish(keeper.attempt, nothingToClear)).toBe(true);
  await clock.advance(2_000);
  expect(rows.rows.has(REBUILT_ROW)).toBe(false);
});

test('nor does one that ends while a member comes back that lost what it knew', async () => {
  const { keeper, rows, clock } = await behind();
  await keeper.peerGreeted(2, PEER, undefined);
  keeper.partitionRebuilt(4, keeper.attempt);
  const finished = keeper.finish(keeper.attempt, () => keeper.peerGreeted(2, WIPED, undefined));
  expect(await finished).toBe(true);
  await clock.advance(2_000);
  expect(rows.rows.has(REBUILT_ROW)).toBe(false);
});

test('a member that greets for the first time may have known more, and lost it', async () => {
  const first = await behind();
  first.keeper.partitionRebuilt(4, first.keeper.attempt);
  await first.clock.advance(1_000);
  const second = new Rig(first.rows);
  await second.keeper.start(SOUND, [1, 2]);
  await second.keeper.peerGreeted(1, PEER, OTHER);
  await second.keeper.peerGreeted(2, WIPED, undefined);
  expect([second.keeper.isStillRebuilt(4), second.keeper.wasRebuilt(4)]).toEqual([false, false]);
});

test('two folders that greet in turn under one name know nothing of this node', async () => {
  const second = await begunAnew();
  for (const run of ['w', 'v']) await second.keeper.peerGreeted(2, emptied(run), undefined);
  second.keeper.partitionRebuilt(4, second.keeper.attempt);
  await second.clock.advance(1_000);
  const third = new Rig(second.rows);
  await third.keeper.start(SOUND, [1, 2]);
  await third.keeper.peerGreeted(1, PEER, OTHER);
  expect(third.keeper.wasRebuilt(4)).toBe(true);
  await third.keeper.peerGreeted(2, emptied('w'), undefined);
  expect(third.keeper.wasRebuilt(4)).toBe(false);
});

test('a commit of the run before that comes while the next is made durable is missed', async () => {
  const { keeper, rows } = await begunAnew();
  await keeper.peerGreeted(1, PEER, OTHER);
  await keeper.peerGreeted(2, PEER, undefined);
  expect(keeper.isStillRebuilt(4)).toBe(true);
  const release = rows.hold();
  const runs = [...PEER.runs, { id: 'p6', commitSeq: 90 }];
  const greeted = keeper.peerGreeted(2, { ...PEER, run: 6, previousRun: 5, runs }, undefined);
  await Promise.resolve();
  keeper.peerCommitted(2, 'p5', 95);
  release();
  await greeted;
  expect([keeper.wasRebuilt(4), keeper.isTrusted(2)]).toEqual([false, false]);
  const later = new Rig(rows);
  await later.keeper.start(SOUND, [1, 2]);
  expect(later.keeper.remembered(2)).toMatchObject({ runId: 'p5', successors: [{ runId: 'p6' }] });
  expect(later.keeper.wasRebuilt(4)).toBe(false);
});

test('what earlier runs had rebuilt is known to later ones too, with what was added', async () => {
  const second = await begunAnew();
  second.keeper.partitionRebuilt(5, second.keeper.attempt);
  await second.clock.advance(1_000);
  const third = new Rig(second.rows);
  await third.keeper.start(SOUND, [1, 2]);
  const known = [4, 5, 6].map((partition) => third.keeper.wasRebuilt(partition));
  expect(known).toEqual([true, true, false]);
});

test('nothing of it is known after new damage, nor after a restart', async () => {
  const { keeper, rows, clock } = await begunAnew();
  keeper.partitionRebuilt(5, keeper.attempt);
  await clock.advance(1_000);
  expect(rows.rows.has(REBUILT_ROW)).toBe(true);
  keeper.reportDamage('a bad block');
  await clock.settle();
  expect([keeper.wasRebuilt(4), rows.rows.has(REBUILT_ROW)]).toEqual([false, false]);
});

test('what is due when a node stops is noted', async () => {
  const { keeper, rows } = await begunAnew();
  keeper.partitionRebuilt(5, keeper.attempt);
  await keeper.flush();
  const later = new Rig(rows);
  await later.keeper.start(SOUND, [1, 2]);
  expect([4, 5].map((partition) => later.keeper.wasRebuilt(partition))).toEqual([true, true]);
});

test('nor after word of a later life, or once the rebuild is over', async () => {
  const told = await begunAnew();
  await told.keeper.peerGreeted(1, PEER, { ...OTHER, run: 6, runId: LATER_LIFE });
  expect(told.keeper.wasRebuilt(4)).toBe(false);
  const { keeper } = await begunAnew();
  expect(await keeper.finish(keeper.attempt, nothingToClear)).toBe(true);
  expect(keeper.wasRebuilt(4)).toBe(false);
  keeper.reportDamage('a bad block');
  expect(keeper.wasRebuilt(4)).toBe(false);
});

test('a life that an earlier run was making good is named in the end, though nobody speaks of it again', async () => {
  const { keeper } = await begunAnew();
  expect(await keeper.finish(keeper.attempt, nothingToClear)).toBe(true);
  expect(keeper.opened.madeGood).toEqual([LIFE]);
});

test('an accepted loss is noted until the rebuild is over, and stays on record after it', async () => {
  const { keeper, rows } = await behind();
  await keeper.acceptLoss();
  expect(keeper.acceptsLoss).toBe(true);
  const restarted = new Rig(rows);
  await restarted.keeper.start(SOUND, [1, 2]);
  expect(restarted.keeper.acceptsLoss).toBe(true);
  expect(await restarted.keeper.finish(restarted.keeper.attempt, nothingToClear)).toBe(true);
  expect(restarted.keeper.acceptsLoss).toBe(false);
  const later = new Rig(rows);
  await later.keeper.start(SOUND, [1, 2]);
  expect(later.keeper.acceptedLoss).toMatchObject({ isOver: true });
  expect(later.keeper.acceptedLoss?.reason).toContain('not the one its peers know');
});

test('a peer that says it rebuilds itself is trusted with what it answers, and replaces no memory', async () => {
  const rig = new Rig();
  await rig.keeper.start(SOUND, [1]);
  await rig.keeper.peerGreeted(1, PEER, undefined);
  await rig.keeper.peerGreeted(1, WIPED, undefined);
  expect(rig.keeper.isTrusted(1)).toBe(false);
  await rig.keeper.peerGreeted(1, { ...WIPED, isRebuilding: true, statement: 1 }, undefined);
  expect(rig.keeper.isTrusted(1)).toBe(true);
  expect(rig.keeper.remembered(1)).toMatchObject({ storeId: 'peer', commitSeq: 70 });
  rig.keeper.peerCommitted(1, 'n1', 5_000);
  expect(rig.keeper.remembered(1)).toMatchObject({
    commitSeq: 70,
    successors: [{ runId: 'n1', commitSeq: 5_000 }],
  });
});

test('a rebuilt peer takes the place of what it has made good, and an earlier word of it comes late', async () => {
  const rig = new Rig();
  await rig.keeper.start(SOUND, [1]);
  await rig.keeper.peerGreeted(1, PEER, undefined);
  const rebuilding = { ...WIPED, isRebuilding: true, statement: 1 };
  await rig.keeper.peerGreeted(1, rebuilding, undefined);
  await rig.keeper.peerGreeted(1, { ...WIPED, madeGood: ['p5'], statement: 2 }, undefined);
  await rig.keeper.peerGreeted(1, rebuilding, undefined);
  expect(rig.keeper.isTrusted(1)).toBe(true);
  expect(rig.keeper.remembered(1)).toMatchObject({ storeId: 'n1', runId: 'n1', ceiling: 2_000 });
  rig.keeper.peerCommitted(1, 'n1', 5_000);
  expect(rig.keeper.remembered(1)?.commitSeq).toBe(5_000);
  const old = {
    ...PEER,
    run: 6,
    runs: [...PEER.runs, { id: 'p6', commitSeq: 90 }],
    previousRun: 5,
  };
  await rig.keeper.peerGreeted(1, old, undefined);
  expect(rig.keeper.isTrusted(1)).toBe(false);
});

test('the standing of a peer follows what it says of itself, and is not known while it is away', async () => {
  const { keeper } = new Rig();
  await keeper.start(SOUND, [1]);
  expect(keeper.standingOf(1)).toBeUndefined();
  await keeper.peerGreeted(1, PEER, undefined);
  expect(keeper.standingOf(1)).toBe('SERVING');
  keeper.peerReach(1, true);
  expect(keeper.standingOf(1)).toBeUndefined();
  await keeper.peerGreeted(1, WIPED, undefined);
  expect(keeper.standingOf(1)).toBe('RECOVERING');
  await keeper.peerGreeted(1, { ...WIPED, isRebuilding: true, statement: 1 }, undefined);
  expect(keeper.standingOf(1)).toBe('RECOVERING');
  await keeper.peerGreeted(1, { ...WIPED, madeGood: ['p5'], statement: 2 }, undefined);
  expect(keeper.standingOf(1)).toBe('SERVING');
  expect(keeper.standingOf(9)).toBeUndefined();
});

test('a peer that lost its copies is named, also one that was rebuilt unseen; a restart is no loss', async () => {
  const { keeper, peersLost } = new Rig();
  await keeper.start(SOUND, [1, 2]);
  await keeper.peerGreeted(1, PEER, undefined);
  const restarted: OpenedStore = {
    ...PEER,
    run: 6,
    runs: [...PEER.runs, { id: 'p6', commitSeq: 90 }],
    previousRun: 5,
  };
  await keeper.peerGreeted(1, restarted, undefined);
  expect(peersLost).toEqual([]);
  await keeper.peerGreeted(1, { ...restarted, isRebuilding: true, statement: 1 }, undefined);
  expect(peersLost).toEqual([1]);
  await keeper.peerGreeted(2, PEER, undefined);
  await keeper.peerGreeted(2, { ...WIPED, madeGood: ['p5'] }, undefined);
  expect(peersLost).toEqual([1, 2]);
  await keeper.peerGreeted(2, { ...WIPED, madeGood: ['p5'] }, undefined);
  expect(peersLost).toEqual([1, 2]);
});
