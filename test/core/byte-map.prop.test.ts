import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteMap, type ByteMapEntry, type ByteMapSnapshot } from '../../src/core/byte-map.ts';
import { StoreModel } from '../conformance/store-model.ts';

const LOW = new Uint8Array(0);
const HIGH = new Uint8Array(4).fill(0xff);
const key = fc.uint8Array({ minLength: 1, maxLength: 2 });
const action = fc.oneof(
  { weight: 9, arbitrary: fc.record({ type: fc.constant('put' as const), key, value: key }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('del' as const), key }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('snapshot' as const) }) },
);

it('equals a sorted list through splits and deletions, and no snapshot ever changes', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 600, size: 'max' }), (actions) => {
      const map = new ByteMap();
      const model = new StoreModel();
      const snapshots: { readonly taken: ByteMapSnapshot; readonly entries: ByteMapEntry[] }[] = [];
      for (const step of actions) {
        if (step.type === 'snapshot') {
          const entries = model.range({ from: LOW, to: HIGH });
          snapshots.push({ taken: map.snapshot(), entries });
        } else {
          const before = model.get(step.key);
          model.apply([step]);
          const previous =
            step.type === 'put' ? map.set(step.key, step.value) : map.delete(step.key);
          expect(previous).toEqual(before);
          expect(map.get(step.key)).toEqual(model.get(step.key));
        }
      }
      const entries = model.range({ from: LOW, to: HIGH });
      snapshots.push({ taken: map.snapshot(), entries });
      for (const { taken, entries: expected } of snapshots) {
        expect([...taken.entries(LOW, HIGH)]).toEqual(expected);
        expect([...taken.entriesReversed(LOW, HIGH)]).toEqual([...expected].reverse());
      }
      const size = entries.reduce((sum, entry) => sum + entry.key.length + entry.value.length, 0);
      expect(map.sizeBytes).toBe(size);
    }),
    { numRuns: 12 },
  );
});
