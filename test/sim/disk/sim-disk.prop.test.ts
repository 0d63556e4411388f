import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { StoreEntry, StoreOperation } from '../../../src/env/store.ts';
import { StoreModel } from '../../conformance/store-model.ts';
import { bytesOf, EVERYTHING } from '../../conformance/store-rows.ts';
import { DiskRig } from './disk-rig.ts';

const key = fc.constantFrom('a', 'b', 'c', 'd').map(bytesOf);
const operation: fc.Arbitrary<StoreOperation> = fc.oneof(
  fc.record({ type: fc.constant('put' as const), key, value: fc.uint8Array({ maxLength: 3 }) }),
  fc.record({ type: fc.constant('del' as const), key }),
);
const batch = fc.record({
  operations: fc.array(operation, { minLength: 1, maxLength: 4 }),
  sync: fc.boolean(),
  isAwaited: fc.boolean(),
});
const life = fc.record({
  batches: fc.array(batch, { maxLength: 12 }),
  pauseMs: fc.nat(20),
  failsSync: fc.boolean(),
  end: fc.constantFrom('kept', 'lost', 'part', 'torn'),
});

/** The rows after each number of these batches. */
function states(batches: readonly (readonly StoreOperation[])[]): StoreEntry[][] {
  const model = new StoreModel();
  return [
    model.range(EVERYTHING),
    ...batches.map((operations) => {
      model.apply(operations);
      return model.range(EVERYTHING);
    }),
  ];
}

it('after any crash holds a prefix of the batches with everything acknowledged as synced', () =>
  fc.assert(
    fc.asyncProperty(fc.nat(), fc.array(life, { maxLength: 5 }), async (seed, lives) => {
      const rig = new DiskRig(seed);
      await rig.run(async () => {
        /** What the disk may hold when it is opened: a prefix of these. */
        let asked: (readonly StoreOperation[])[] = [];
        for (const { batches, pauseMs, failsSync, end } of lives) {
          const { clock, store } = await rig.start();
          asked = [[...rig.disk.entries()].map((entry) => ({ type: 'put' as const, ...entry }))];
          let durable = 1;
          let acknowledged = 1;
          const callOff = failsSync ? rig.disk.failNextSync() : undefined;
          for (const { operations, sync, isAwaited } of batches) {
            const number = asked.push(operations);
            const writing = store.batch(operations, { sync }).then(
              () => {
                acknowledged = number;
                if (sync) durable = number;
              },
              () => undefined,
            );
            if (isAwaited) await writing;
          }
          await rig.pass(pauseMs);
          clock.kill();
          rig.disk.crash(end);
          // Not used up when nothing was synced: the next life would not know of it.
          callOff?.();
          const found = [...rig.disk.entries()];
          const matching = states(asked).filter((rows, count) => {
            const least = end === 'kept' && !failsSync ? acknowledged : durable;
            return count >= least && isSame(rows, found);
          });
          expect(matching).not.toEqual([]);
        }
      });
    }),
    { numRuns: 60 },
  ));

function isSame(rows: readonly StoreEntry[], found: readonly StoreEntry[]): boolean {
  return (
    rows.length === found.length &&
    rows.every(({ key: one, value }, at) => {
      const other = found[at];
      return (
        other !== undefined &&
        Buffer.compare(one, other.key) === 0 &&
        Buffer.compare(value, other.value) === 0
      );
    })
  );
}
