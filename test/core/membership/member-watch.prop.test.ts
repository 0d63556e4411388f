import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DEFAULT_DETECTOR_OPTIONS } from '../../../src/core/membership/detector-options.ts';
import { compareStandpoints } from '../../../src/core/membership/member-record.ts';
import { MemberWatch } from '../../../src/core/membership/member-watch.ts';

const standpoint = fc.record({ generation: fc.nat(3), incarnation: fc.nat(3) });
const said = fc.record({
  standpoint,
  by: fc.constantFrom('c', 'd', 'e', 'f', 'g', 'h'),
  what: fc.constantFrom('record', 'SUSPECT', 'DOWN'),
});

it('holds the highest standpoint it was told of, and only accusers of that one', () => {
  fc.assert(
    fc.property(fc.array(said, { maxLength: 30 }), (all) => {
      const record = { id: 'b', zone: 'z', status: 'UP', generation: 0, incarnation: 0 } as const;
      const watch = new MemberWatch(DEFAULT_DETECTOR_OPTIONS, record, 0);
      let highest = { generation: 0, incarnation: 0 };
      let accusers = new Set<string>();
      for (const { standpoint: at, by, what } of all) {
        const order = compareStandpoints(at, highest);
        if (order > 0) {
          highest = at;
          accusers = new Set();
        }
        if (what === 'record') {
          expect(watch.raise(at)).toBe(order > 0);
        } else {
          watch.accuse({ about: 'b', by, state: what, ...at });
          if (order >= 0 && accusers.size < 4) accusers.add(by);
        }
        expect(watch.standpoint).toEqual(highest);
        expect(watch.accuserCount).toBe(accusers.size);
        for (const accuser of accusers) expect(watch.isAccusedBy(accuser)).toBe(true);
      }
    }),
  );
});

it('is never suspect nor to be down while it is heard, whatever others say', () => {
  fc.assert(
    fc.property(fc.array(said, { maxLength: 10 }), fc.nat(7), (all, health) => {
      const record = { id: 'b', zone: 'z', status: 'UP', generation: 0, incarnation: 0 } as const;
      const watch = new MemberWatch(DEFAULT_DETECTOR_OPTIONS, record, 0);
      for (const [at, { standpoint: of, by, what }] of all.entries()) {
        const nowMs = at * 1_000;
        watch.hear(nowMs, 'direct', Number.NEGATIVE_INFINITY);
        if (what !== 'record') watch.accuse({ about: 'b', by, state: what, ...of });
        const phi = watch.phi(nowMs + 900);
        watch.weigh(nowMs + 900, phi, () => 5);
        expect(watch.settle(nowMs + 900, phi)).toBe('ALIVE');
        expect(watch.isToBeDown(nowMs + 1e6, 1_000, health)).toBeUndefined();
      }
    }),
  );
});
