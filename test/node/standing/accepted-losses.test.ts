/** What an operator gives up is given up for the rebuild of that moment, and stays on record. */
import { expect, test } from 'vitest';
import type { Remembered } from '../../../src/core/membership/standing.ts';
import {
  decodeAcceptedLoss,
  encodeAcceptedLoss,
  LOSS_ACCEPTED_ROW,
  RECOVERING_ROW,
} from '../../../src/node/standing/standing-rows.ts';
import { FakeRows, PEER, Rig, SOUND } from './standing-rig.ts';

/** What peers remember of this node is another folder. */
const OTHER: Remembered = {
  storeId: 'lost',
  run: 5,
  runId: 'a5'.repeat(16),
  ceiling: 70_000,
  commitSeq: 900,
  successors: [],
};
const nothingToClear = async (): Promise<void> => {};

/** Rows that do something when a write of such a row begins, once. */
class WatchedRows extends FakeRows {
  onWrite: { name: string; isGone: boolean; act: () => void } | undefined;

  override writeMeta(entries: Parameters<FakeRows['writeMeta']>[0]): Promise<void> {
    const watched = this.onWrite;
    const isIt = entries.some(
      ({ name, value }) => name === watched?.name && (value === undefined) === watched.isGone,
    );
    const written = super.writeMeta(entries);
    if (isIt) {
      this.onWrite = undefined;
      watched?.act();
    }
    return written;
  }
}

async function behind(rows: FakeRows): Promise<Rig> {
  const rig = new Rig(rows);
  await rig.keeper.start(SOUND, [1, 2]);
  await rig.keeper.peerGreeted(1, PEER, OTHER);
  expect(rig.keeper.isRecovering).toBe(true);
  return rig;
}

function storedIn(rows: FakeRows): ReturnType<typeof decodeAcceptedLoss> | undefined {
  const row = rows.rows.get(LOSS_ACCEPTED_ROW);
  return row && decodeAcceptedLoss(row);
}

test.each([
  ['what it was behind is made good', 'madeGood', false],
  ['it is behind no more', RECOVERING_ROW, true],
])(
  'a loss that is accepted while it is noted that %s is over with that rebuild',
  async (_, name, isGone) => {
    const rows = new WatchedRows();
    const { keeper } = await behind(rows);
    let accepted: Promise<void> | undefined;
    const act = (): void => {
      accepted = keeper.acceptLoss();
    };
    rows.onWrite = { name, isGone, act };
    expect(await keeper.finish(keeper.attempt, nothingToClear)).toBe(true);
    await accepted;
    expect(accepted).toBeDefined();
    expect([keeper.standing.state, keeper.acceptsLoss]).toEqual(['SERVING', false]);
    expect(storedIn(rows)).toMatchObject({ isOver: true });
  },
);

test('a loss that is accepted as the last thing before the node serves is over as well', async () => {
  const rows = new FakeRows();
  const { keeper } = await behind(rows);
  let release = (): void => {};
  const finished = keeper.finish(keeper.attempt, async () => {
    rows.gate = new Promise((resolve) => {
      release = resolve;
    });
  });
  await new Promise((resolve) => setImmediate(resolve));
  const accepted = keeper.acceptLoss();
  rows.gate = Promise.resolve();
  release();
  await Promise.all([finished, accepted]);
  expect([keeper.standing.state, keeper.acceptsLoss]).toEqual(['SERVING', false]);
  expect(storedIn(rows)).toMatchObject({ isOver: true });
});

test('what is found lost while an acceptance is noted is not accepted with it, and that is said', async () => {
  const rows = new WatchedRows();
  const { keeper } = await behind(rows);
  const act = (): void => keeper.reportDamage('bad block');
  rows.onWrite = { name: LOSS_ACCEPTED_ROW, isGone: false, act };
  await expect(keeper.acceptLoss()).rejects.toMatchObject({
    code: 'CONFLICT',
    retryable: true,
    message: expect.stringContaining('more was found to be lost'),
  });
  expect([keeper.isRecovering, keeper.acceptsLoss]).toEqual([true, false]);
  expect(storedIn(rows)).toMatchObject({ isOver: true });
  await keeper.acceptLoss();
  expect([keeper.isRecovering, keeper.acceptsLoss]).toEqual([true, true]);
});

test('what is found lost while the end of a rebuild is noted is not accepted with what went before', async () => {
  const rows = new FakeRows();
  const { keeper } = await behind(rows);
  await keeper.acceptLoss();
  const isOver = await keeper.finish(keeper.attempt, async () => keeper.reportDamage('bad block'));
  expect([isOver, keeper.isRecovering, keeper.acceptsLoss]).toEqual([false, true, false]);
  expect(storedIn(rows)).toMatchObject({ isOver: true });
});

test('an acceptance that a stop left behind is over when the node is not behind any more', async () => {
  const rows = new FakeRows();
  const left = { atMs: 5, reason: 'why', isOver: false, earlier: [] };
  rows.rows.set(LOSS_ACCEPTED_ROW, encodeAcceptedLoss(left));
  const { keeper } = await behind(rows);
  expect(keeper.acceptsLoss).toBe(false);
  expect(storedIn(rows)).toEqual({ ...left, isOver: true });
});

test('earlier losses stay on record beside the last one, so many and no more', async () => {
  const rows = new FakeRows();
  const { keeper, clock } = await behind(rows);
  await keeper.acceptLoss();
  const reason = storedIn(rows)?.reason;
  await keeper.finish(keeper.attempt, nothingToClear);
  await clock.advance(7);
  await Promise.all([keeper.noteLoss('1 unreadable key'), keeper.noteLoss('2 unreadable keys')]);
  const { keeper: later } = new Rig(rows);
  await later.start(SOUND, [1, 2]);
  expect(later.acceptedLoss).toMatchObject({ reason: '2 unreadable keys', isOver: true });
  expect(later.acceptedLoss?.earlier.map((loss) => loss.reason)).toEqual([
    reason,
    '1 unreadable key',
  ]);
  const [first, second] = later.acceptedLoss?.earlier ?? [];
  expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBe(7);
  for (let each = 3; each < 12; each += 1) await later.noteLoss(`loss ${each}`);
  const kept = [...(later.acceptedLoss?.earlier ?? []), later.acceptedLoss];
  expect(kept.map((loss) => loss?.reason)).toEqual(
    Array.from({ length: 8 }, (_, index) => `loss ${index + 4}`),
  );
});
