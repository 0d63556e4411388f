import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Lane } from '../../../src/node/storage/batch.ts';
import { LaneTable } from '../../../src/node/storage/lane-table.ts';
import { Update } from '../../../src/node/storage/update.ts';
import { keyOf, put, SYNC } from './storage-rig.ts';

const steps = fc.array(
  fc.record({
    isAdded: fc.boolean(),
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    token: fc.constantFrom(1, 0xffff_ffff),
  }),
  { maxLength: 60 },
);

function update(): Update<number> {
  const nobody = () => undefined;
  return new Update(SYNC, put(1), nobody, nobody);
}

it('a lane is found by its key from when it is added until it is removed, and no other', () => {
  fc.assert(
    fc.property(steps, (script) => {
      const table = new LaneTable();
      const truth = new Map<string, Lane>();
      for (const { isAdded, name, token } of script) {
        const key = keyOf(name, token);
        const known = truth.get(key.id);
        if (known === undefined && isAdded) {
          const lane = new Lane(key, update());
          table.add(lane);
          truth.set(key.id, lane);
        } else if (known !== undefined && !isAdded) {
          table.remove(known);
          truth.delete(key.id);
        }
        for (const other of ['a', 'b', 'c', 'd'].map((text) => keyOf(text, token))) {
          expect(table.find(other)).toBe(truth.get(other.id));
        }
      }
    }),
  );
});
