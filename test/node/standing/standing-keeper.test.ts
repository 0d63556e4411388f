/** The memory of peers: durable before it is relied on, and only ever rising. */
import { expect, test } from 'vitest';
import { Deadlines } from '../../../src/core/deadlines.ts';
import type { OpenedStore } from '../../../src/core/membership/standing.ts';
import type { MetaRows } from '../../../src/node/standing/standing-keeper.ts';
import { StandingKeeper } from '../../../src/node/standing/standing-keeper.ts';
import { watch } from '../../client/client-rig.ts';
import { ManualClock } from '../../client/manual-clock.ts';
import { Notes } from '../notes.ts';

const OWN: OpenedStore = {
  storeId: 'own',
  run: 3,
  runIds: ['r1', 'r2', 'r3'],
  previousRun: 2,
  ceiling: 1_000,
  commitSeq: 50,
};
const PEER: OpenedStore = {
  storeId: 'peer',
  run: 5,
  runIds: ['p3', 'p4', 'p5'],
  previousRun: 4,
  ceiling: 2_000,
  commitSeq: 70,
};

/** Rows whose writes a test can hold or fail. */
class FakeRows implements MetaRows {
  readonly rows = new Map<string, Uint8Array>();
  writeCount = 0;
  gate: Promise<void> = Promise.resolve();
  failure: Error | undefined;

  async readMeta(name: string): Promise<Uint8Array | undefined> {
    return this.rows.get(name);
  }

  async writeMeta(entries: readonly { name: string; value: Uint8Array }[]): Promise<void> {
    this.writeCount += 1;
    await this.gate;
    if (this.failure !== undefined) throw this.failure;
    for (const { name, value } of entries) this.rows.set(name, value);
  }
}

class Rig {
  readonly clock = new ManualClock();
  readonly notes = new Notes();
  readonly changes: string[] = [];
  readonly rows: FakeRows;
  readonly keeper: StandingKeeper;

  constructor(rows = new FakeRows()) {
    this.rows = rows;
    const env = { deadlines: new Deadlines(this.clock), log: this.notes };
    this.keeper = new StandingKeeper(env, rows, ({ state }) => this.changes.push(state));
  }
}

async function started(peers: readonly number[], rows?: FakeRows): Promise<Rig> {
  const rig = new Rig(rows);
  await rig.keeper.start(OWN, undefined, peers);
  return rig;
}

test('what a peer showed is durable before its greeting is over', async () => {
  const rig = await started([1]);
  let release = (): void => {};
  rig.rows.gate = new Promise((resolve) => {
    release = resolve;
  });
  const greeted = watch(rig.keeper.peerGreeted(1, PEER, undefined));
  await rig.clock.settle();
  expect(greeted.isSettled).toBe(false);
  expect(rig.keeper.standing.state).toBe('UNVERIFIED');
  release();
  await rig.clock.settle();
  expect(greeted.isSettled).toBe(true);
  expect(rig.keeper.standing.state).toBe('SERVING');
});

test('a peer that shows nothing new costs no write', async () => {
  const rig = await started([1]);
  await rig.keeper.peerGreeted(1, PEER, undefined);
  await rig.keeper.peerGreeted(1, PEER, undefined);
  expect(rig.rows.writeCount).toBe(1);
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
  });
});

test('a peer that came back below what is remembered is not trusted, and does not replace the memory', async () => {
  const rig = await started([1]);
  await rig.keeper.peerGreeted(1, PEER, undefined);
  expect(rig.keeper.isTrusted(1)).toBe(true);
  const wiped = { ...PEER, storeId: 'other', run: 1, runIds: ['w1'], previousRun: 0, commitSeq: 0 };
  await rig.keeper.peerGreeted(1, wiped, undefined);
  expect(rig.keeper.isTrusted(1)).toBe(false);
  expect(rig.keeper.remembered(1)).toMatchObject({ storeId: 'peer', run: 5 });
  rig.keeper.peerCommitted(1, 900);
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
    rig.keeper.peerCommitted(1, commitSeq);
    rig.keeper.peerCommitted(2, commitSeq);
  }
  rig.keeper.peerCommitted(1, 100);
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
  rig.keeper.peerCommitted(1, 80);
  await rig.clock.advance(1_000);
  expect(rig.notes.events('peer-commits-not-noted')).toHaveLength(1);
  rig.rows.failure = undefined;
  rig.keeper.peerCommitted(1, 81);
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
  await expect(rig.keeper.start(OWN, undefined, [1])).rejects.toMatchObject({ code });
});
