import { expect, test } from 'vitest';
import { type FoundState, GHOST_DEFAULTS, Ghosts } from '../../../src/core/membership/ghosts.ts';

const { downMs, replacedMs } = GHOST_DEFAULTS;
const ghost: FoundState = { id: 'x', address: 'a:1', state: 'DOWN', isNamed: false };
const heir: FoundState = { id: 'y', address: 'a:1', state: 'ALIVE', isNamed: true };

test('a found node that is DOWN for a day is given up, and not before', () => {
  const ghosts = new Ghosts();
  expect(ghosts.weigh([ghost], 0)).toEqual([]);
  expect(ghosts.weigh([ghost], downMs - 1)).toEqual([]);
  expect(ghosts.weigh([ghost], downMs)).toEqual(['x']);
});

test('one whose address another one has is given up at once, that is after some seconds', () => {
  const ghosts = new Ghosts();
  expect(ghosts.weigh([ghost, heir], 0)).toEqual([]);
  expect(ghosts.weigh([ghost, heir], replacedMs)).toEqual(['x']);
  const elsewhere = new Ghosts();
  elsewhere.weigh([ghost, { ...heir, address: 'b:1' }], 0);
  expect(elsewhere.weigh([ghost, { ...heir, address: 'b:1' }], replacedMs)).toEqual([]);
});

test('the time begins anew when it was there in between', () => {
  const ghosts = new Ghosts();
  ghosts.weigh([ghost], 0);
  ghosts.weigh([{ ...ghost, state: 'ALIVE' }], downMs / 2);
  expect(ghosts.weigh([ghost], downMs)).toEqual([]);
  expect(ghosts.weigh([ghost], 2 * downMs)).toEqual(['x']);
});
