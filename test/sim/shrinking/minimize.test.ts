import { expect, it } from 'vitest';
import { minimize } from '../../../src/sim/shrinking/minimize.ts';

const numbers = Array.from({ length: 256 }, (_, index) => index);

async function search(items: readonly number[], core: readonly number[]) {
  let tries = 0;
  const fails = (kept: readonly number[]) => {
    tries += 1;
    return Promise.resolve(core.every((item) => kept.includes(item)));
  };
  const kept = await minimize(items, { fails, isOver: () => false });
  return { kept, tries };
}

it('one needed item of 256 is found in 13 tries', async () => {
  expect(await search(numbers, [77])).toEqual({ kept: [77], tries: 13 });
});

it('the first and the last of 256 are found in some 2 c log n tries', async () => {
  const { kept, tries } = await search(numbers, [0, 255]);
  expect(kept).toEqual([0, 255]);
  expect(tries).toBeLessThan(35);
});

it('nothing is kept, after one try, when nothing is needed', async () => {
  expect(await search(numbers, [])).toEqual({ kept: [], tries: 1 });
});

it('of one item or none there is nothing to look for', async () => {
  expect(await search([], [])).toEqual({ kept: [], tries: 0 });
  expect(await search([5], [5])).toEqual({ kept: [5], tries: 1 });
});

it('an item that another one makes needless goes in a later round', async () => {
  // 3 is needed as long as 7 is there.
  const fails = (kept: readonly number[]) =>
    Promise.resolve(kept.includes(1) && (!kept.includes(7) || kept.includes(3)));
  const kept = await minimize([1, 3, 5, 7], { fails, isOver: () => false });
  expect(kept).toEqual([1]);
});

it('when the budget ends, what failed last is what is left', async () => {
  let tries = 0;
  const failed: (readonly number[])[] = [numbers];
  const kept = await minimize(numbers, {
    fails: (left) => {
      tries += 1;
      if (!left.includes(77)) return Promise.resolve(false);
      failed.push(left);
      return Promise.resolve(true);
    },
    isOver: () => tries >= 5,
  });
  expect(kept).toBe(failed.at(-1));
  expect(kept.length).toBeLessThan(256);
});
