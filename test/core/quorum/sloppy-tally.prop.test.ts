import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SloppyTally } from '../../../src/core/quorum/sloppy-tally.ts';
import { WriteTally } from '../../../src/core/quorum/write-tally.ts';

const MEMBERS = [0, 1, 2, 3, 4];
const event = fc.record({
  kind: fc.constantFrom('acknowledge', 'fail', 'stoodIn', 'noStandIn'),
  node: fc.constantFrom(...MEMBERS),
  isDurable: fc.boolean(),
});
const asked = fc.record({
  need: fc.integer({ min: 1, max: 5 }),
  primaries: fc.nat(5),
  durable: fc.nat(5),
});

function requirementOf({ need, primaries, durable }: { [name: string]: number }) {
  const groups = [{ members: MEMBERS, need: need ?? 1 }];
  const isStrict = true;
  return { label: 'x', groups, primaries: primaries ?? 0, durable: durable ?? 0, isStrict };
}

test('satisfied means: w acknowledgements, of them pw and dw of replicas themselves', () => {
  fc.assert(
    fc.property(asked, fc.array(event, { maxLength: 30 }), (numbers, events) => {
      const requirement = requirementOf(numbers);
      const tally = new SloppyTally({ requirement, countsOnlyDurable: false });
      let verdict = 'pending';
      for (const { kind, node, isDurable } of events) {
        const before = verdict;
        if (kind === 'acknowledge') verdict = tally.acknowledge(node, isDurable);
        else if (kind === 'fail') verdict = tally.fail(node);
        else if (kind === 'stoodIn') verdict = tally.stoodIn(node, 10 + node);
        else verdict = tally.noStandIn(node);
        if (before !== 'pending') expect(verdict).toBe(before);
        const { acknowledged, standIns, durable } = tally;
        expect(new Set(acknowledged).size).toBe(acknowledged.length);
        for (const holder of standIns) expect(acknowledged).not.toContain(holder - 10);
        const isMet =
          acknowledged.length + standIns.length >= numbers.need &&
          acknowledged.length >= numbers.primaries &&
          durable >= numbers.durable;
        if (verdict === 'satisfied') expect(isMet).toBe(true);
        if (isMet) expect(verdict).toBe('satisfied');
      }
    }),
  );
});

test('without stand-ins it says what a strict tally says', () => {
  const strictEvent = event.filter(({ kind }) => kind === 'acknowledge' || kind === 'fail');
  fc.assert(
    fc.property(fc.nat(4), fc.array(strictEvent, { maxLength: 20 }), (need, events) => {
      const requirement = requirementOf({ need: need + 1 });
      const sloppy = new SloppyTally({ requirement, countsOnlyDurable: true });
      const strict = new WriteTally({ requirements: [requirement], countsOnlyDurable: true });
      for (const node of MEMBERS) sloppy.noStandIn(node);
      for (const { kind, node, isDurable } of events) {
        if (kind === 'acknowledge') {
          expect(sloppy.acknowledge(node, isDurable)).toBe(strict.acknowledge(node, isDurable));
        } else {
          expect(sloppy.fail(node)).toBe(strict.fail(node));
        }
      }
      expect(sloppy.acknowledged).toEqual(strict.acknowledged);
    }),
  );
});
