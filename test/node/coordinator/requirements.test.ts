/** What requests need, resolved once for each level and partition. */
import { expect, test } from 'vitest';
import { CONSISTENCY_LEVELS } from '../../../src/core/quorum/level.ts';
import type { Ring } from '../../../src/core/ring/ring.ts';
import type { Place } from '../../../src/node/contracts.ts';
import { Requirements } from '../../../src/node/coordinator/requirements.ts';
import { startThree } from '../rig.ts';

function placeOf(ring: Ring): Place {
  const [role] = ring.layout.roles;
  if (role === undefined) throw new Error('The layout has no members');
  return { ring, nodeIndex: role.nodeIndex, datacentre: role.datacentre };
}

test('a level means the same for one partition at every request, and raw numbers their own', async () => {
  await using cluster = await startThree();
  const place = placeOf(cluster.ring);
  const requirements = new Requirements();
  for (const level of CONSISTENCY_LEVELS) {
    const first = requirements.of('write', place, 1, { level, raw: undefined });
    expect(requirements.of('write', place, 1, { level, raw: undefined })).toBe(first);
    expect(first.label).toBe(level);
  }
  const write = requirements.of('write', place, 1, { level: undefined, raw: undefined });
  expect(write).toMatchObject({ label: 'quorum', isStrict: true, groups: [{ need: 2 }] });
  const raw = { count: 3 };
  const three = requirements.of('write', place, 1, { level: undefined, raw });
  expect(three).toMatchObject({ label: 'w=3', groups: [{ need: 3 }] });
  expect(requirements.of('read', place, 1, { level: undefined, raw }).label).toBe('r=3');
});

test('what a level cannot mean is refused at every request', async () => {
  await using cluster = await startThree();
  const place = placeOf(cluster.ring);
  const requirements = new Requirements();
  for (let round = 0; round < 2; round += 1) {
    expect(() => requirements.of('read', place, 0, { level: 'any', raw: undefined })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  }
});
