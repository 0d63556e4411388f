/** Notes of partitions that must be compared, and whether they are on the disk. */
import { expect, test } from 'vitest';
import { DirtyPartitions, type DirtyRows } from '../../../src/node/handoff/dirty-partitions.ts';
import { ManualClock } from '../../client/manual-clock.ts';
import { silentLog } from '../../client/scripted-node.ts';
import { NodeClock } from '../node-clock.ts';

class Rows implements DirtyRows {
  readonly written = new Map<string, Uint8Array | undefined>();

  async readMeta(name: string): Promise<Uint8Array | undefined> {
    return this.written.get(name);
  }

  async writeMeta(entries: Parameters<DirtyRows['writeMeta']>[0]): Promise<void> {
    for (const { name, value } of entries) this.written.set(name, value);
  }
}

/** What a start after this finds. */
async function foundIn(rows: Rows, targets: readonly number[]): Promise<string[]> {
  const found = new DirtyPartitions(
    { clock: new NodeClock(new ManualClock()), log: silentLog },
    rows,
  );
  await found.restore(targets);
  return found.list().map(({ target, partition }) => `${target}: ${partition}`);
}

test.each([0, 1, 2, 3, 4, 5, 6])(
  'what is noted %i steps after another note is on the disk after a stop',
  async (steps) => {
    const rows = new Rows();
    const clock = new NodeClock(new ManualClock());
    const dirty = new DirtyPartitions({ clock, log: silentLog }, rows);
    dirty.note(1, 7);
    for (let step = 0; step < steps; step += 1) await Promise.resolve();
    dirty.note(2, 8);
    await dirty.flush();
    expect(await foundIn(rows, [1, 2])).toEqual(['1: 7', '2: 8']);
  },
);
