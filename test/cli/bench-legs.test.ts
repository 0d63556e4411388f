import { expect, it } from 'vitest';
import { LegReader } from '../../src/cli/bench-legs.ts';
import { CoterieError } from '../../src/core/errors.ts';

it('a look that could not tell which nodes there are is followed by one that can', async () => {
  let asked = 0;
  const reader = new LegReader(async () => {
    asked += 1;
    if (asked === 1) throw new CoterieError('UNREACHABLE', 'Nobody answers');
    return [];
  });
  await expect(reader.read()).rejects.toMatchObject({ code: 'UNREACHABLE' });
  expect(await reader.read()).toEqual([]);
  expect(await reader.read()).toEqual([]);
  expect(asked).toBe(2);
  await reader.close();
});
