import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteMap } from '../../../src/core/byte-map.ts';
import type { StoreOperation } from '../../../src/env/store.ts';
import { WriteLog } from '../../../src/sim/disk/write-log.ts';
import { StoreModel } from '../../conformance/store-model.ts';
import { bytesOf, EVERYTHING } from '../../conformance/store-rows.ts';

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e').map(bytesOf);
const operation: fc.Arbitrary<StoreOperation> = fc.oneof(
  fc.record({ type: fc.constant('put' as const), key, value: fc.uint8Array({ maxLength: 40 }) }),
  fc.record({ type: fc.constant('del' as const), key }),
);
const action = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('apply' as const),
      operations: fc.array(operation, { minLength: 1, maxLength: 5 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('sync' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('open' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('undoLast' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('undoAfter' as const), ago: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), later: fc.nat(4) }) },
);
const options = fc.record({
  ageUsMax: fc.constantFrom(5, 1_000),
  bytesMax: fc.constantFrom(500, 1_000_000),
});

interface Batch {
  readonly atUs: number;
  readonly operations: readonly StoreOperation[];
  isSynced: boolean;
  isOfRun: boolean;
}

/** All batches that were not taken back, replayed. */
function replay(batches: readonly Batch[]): StoreModel {
  const model = new StoreModel();
  for (const { operations } of batches) model.apply(operations);
  return model;
}

it('holds what replaying the batches left would give, whatever is taken back', () => {
  fc.assert(
    fc.property(options, fc.array(action, { maxLength: 60 }), (limits, actions) => {
      const log = new WriteLog(limits);
      const content = new ByteMap();
      let batches: Batch[] = [];
      for (const [atUs, step] of actions.entries()) {
        const reachable = batches.filter((batch) => batch.atUs > log.reachesUs);
        if (step.do === 'apply') {
          log.apply(content, step.operations, atUs + 1);
          const { operations } = step;
          batches.push({ atUs: atUs + 1, operations, isSynced: false, isOfRun: true });
        } else if (step.do === 'sync') {
          log.sync();
          for (const batch of batches) batch.isSynced = true;
        } else if (step.do === 'open') {
          log.open();
          for (const batch of batches) Object.assign(batch, { isSynced: true, isOfRun: false });
        } else if (step.do === 'undoLast') {
          if (reachable.length > 0) {
            log.undoLast(content);
            batches.pop();
          }
        } else if (step.do === 'undoAfter') {
          const undone = reachable.filter((batch) => batch.atUs > atUs - step.ago);
          expect(log.undoAfter(content, atUs - step.ago)).toBe(undone.length);
          batches = batches.filter((batch) => !undone.includes(batch));
        } else {
          const wanted = reachable.at(-1 - step.later);
          const isThere = wanted?.isSynced === true && wanted.isOfRun;
          expect(log.remove(content, step.later)).toBe(isThere ? wanted.atUs : undefined);
          if (isThere) batches = batches.filter((batch) => batch !== wanted);
        }
        const left = [...content.snapshot().entries(EVERYTHING.from, EVERYTHING.to)];
        expect(left).toEqual(replay(batches).range(EVERYTHING));
        const unsynced = batches.filter(
          (batch) => !batch.isSynced && batch.atUs > log.reachesUs,
        ).length;
        expect(log.unsyncedCount).toBe(unsynced);
      }
    }),
    { numRuns: 150 },
  );
});
