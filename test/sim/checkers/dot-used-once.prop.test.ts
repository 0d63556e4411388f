import fc from 'fast-check';
import { expect, it } from 'vitest';
import { VIOLATIONS_MAX } from '../../../src/sim/checkers/checker.ts';
import { dotUsedOnce } from '../../../src/sim/checkers/dot-used-once.ts';
import { history } from './history-dsl.ts';

/** Writes, each with a dot of its own that everybody agrees on. */
function sound(count: number): string[] {
  return Array.from({ length: count }, (_, index) => index + 1).flatMap((write) => [
    `a put ${write} [${write}0,${write}5]`,
    `b get [${write}6,${write}8] sees ${write}`,
    `disk n${write % 3} ${write} key k${write}`,
  ]);
}

it('a dot swapped for that of another write is always found', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 12 }),
      fc.nat(),
      fc.nat(),
      fc.constantFrom('read', 'disk', 'reply'),
      (count, one, other, where) => {
        const write = (one % count) + 1;
        const victim = (other % (count - 1)) + 1;
        const swapped = victim >= write ? victim + 1 : victim;
        const lines = {
          read: `c get [900,910] sees ${swapped}@d${write}`,
          disk: `disk n2 ${swapped}@d${write}`,
          reply: `c put 99 [900,910] dot d${write}`,
        };
        const good = history(sound(count).join('\n'));
        const bad = history([...sound(count), lines[where]].join('\n'));
        expect(dotUsedOnce.check(good)).toEqual([]);
        expect(dotUsedOnce.check(bad)).toHaveLength(1);
      },
    ),
  );
});

it('one dot is one violation, and there are never more than the bound', () => {
  const uses = Array.from({ length: 9 }, (_, index) => `b get [${index},9] sees ${index}@x`);
  expect(dotUsedOnce.check(history(uses.join('\n')))).toHaveLength(1);
  const many = Array.from({ length: 50 }, (_, index) => `b get [0,9] sees 1@x${index} 2@x${index}`);
  expect(dotUsedOnce.check(history(many.join('\n')))).toHaveLength(VIOLATIONS_MAX);
});

it('a violation names the operations that disagree', () => {
  const [violation] = dotUsedOnce.check(
    history('a put 1 [0,9] dot x; b get [20,30] sees 2@x step 50'),
  );
  expect(violation).toMatchObject({ key: 'k', operations: [1, 50] });
  expect(violation?.message).toContain('write 1 (acknowledged to a), and write 2 (read by b)');
});
