import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Ghosts } from '../../../src/core/membership/ghosts.ts';

const OPTIONS = { downMs: 100, replacedMs: 10 };
const state = fc.constantFrom('UNKNOWN', 'ALIVE', 'SLOW', 'AVOID', 'SUSPECT', 'DOWN', 'DOWN');
const found = fc.uniqueArray(
  fc.record({
    id: fc.constantFrom('1', '2', '3'),
    address: fc.constantFrom('a', 'b'),
    state,
    isNamed: fc.boolean(),
  }),
  { selector: ({ id }) => id },
);
const looks = fc.array(fc.record({ found, afterMs: fc.nat(60) }), { maxLength: 30 });

test('whoever is given up is no member, is DOWN, and was without a break for long enough', () => {
  fc.assert(
    fc.property(looks, (said) => {
      const ghosts = new Ghosts(OPTIONS);
      const downSince = new Map<string, number>();
      let nowMs = 0;
      for (const { found: all, afterMs } of said) {
        nowMs += afterMs;
        const down = all.filter((each) => each.state === 'DOWN' && !each.isNamed);
        for (const id of [...downSince.keys()]) {
          if (!down.some((each) => each.id === id)) downSince.delete(id);
        }
        for (const { id } of down) if (!downSince.has(id)) downSince.set(id, nowMs);
        const isLiving = (address: string): boolean =>
          all.some((each) => each.address === address && /ALIVE|SLOW/.test(each.state));
        const due = down.filter(({ id, address }) => {
          const forMs = nowMs - (downSince.get(id) ?? nowMs);
          return forMs >= (isLiving(address) ? OPTIONS.replacedMs : OPTIONS.downMs);
        });
        expect(ghosts.weigh(all, nowMs)).toEqual(due.map(({ id }) => id));
        for (const { id } of due) downSince.delete(id);
      }
    }),
  );
});
