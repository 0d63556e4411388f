import fc from 'fast-check';
import { expect, test } from 'vitest';
import { adviseOutsider } from '../../../src/core/membership/outsider.ts';

const name = fc.constantFrom('a', 'b', 'c', 'd');
const address = name.map((of) => `${of}:1`);
const known = fc.record({
  id: fc.nat(9).map(String),
  name,
  address,
  clusterId: fc.constantFrom('', 'c1', 'c2'),
});
const facts = fc.record({
  own: fc.record({ id: fc.constant('own'), name, address, clusterId: fc.constant('') }),
  records: fc.array(known, { maxLength: 6 }),
  seeds: fc.array(address, { maxLength: 3 }),
});

test('a new cluster is advised only when nobody is in one and no other seed is silent', () => {
  fc.assert(
    fc.property(facts, ({ own, records, seeds }) => {
      const { kind, text } = adviseOutsider({ own, records, seeds });
      const isNew = records.every(({ clusterId }) => clusterId === '');
      const isSilent = records.length === 0 && seeds.some((seed) => seed !== own.address);
      expect(kind === 'new').toBe(isNew && !isSilent);
      expect(text.includes('cluster init')).toBe(kind === 'new');
    }),
  );
});

test('the order in which records come changes nothing', () => {
  const shuffled = facts.chain((given) =>
    fc.tuple(
      fc.constant(given),
      fc.shuffledSubarray(given.records, { minLength: given.records.length }),
    ),
  );
  fc.assert(
    fc.property(shuffled, ([given, other]) => {
      const kinds = [given.records, other].map(
        (records) => adviseOutsider({ ...given, records }).kind,
      );
      expect(kinds[1]).toBe(kinds[0]);
    }),
  );
});
