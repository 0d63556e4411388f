/** Beyond the bounds of what is noted for a member, comparing finds the rest. */
import { expect, test } from 'vitest';
import { HANDOFF_DEFAULTS } from '../../../src/node/handoff/handoff.ts';
import { startThree } from '../rig.ts';
import { owed } from './owed.ts';

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f'];

test.each([0, 2])(
  'with room for %i keys the others come by comparison',
  async (hintsPerTargetMax) => {
    await using cluster = await startThree({ handoff: { ...HANDOFF_DEFAULTS, hintsPerTargetMax } });
    await cluster.node('n3').kill();
    for (const key of KEYS) await cluster.put('n1', { key, value: `of ${key}` });
    await cluster.settle();
    const { notes } = cluster.node('n1');
    expect(owed(cluster, 'n1')).toEqual(
      hintsPerTargetMax === 0 ? [] : [`n3: ${hintsPerTargetMax}`],
    );
    await cluster.node('n3').start();
    await cluster.untilServing();
    const status = () => cluster.run(cluster.node('n3').admin.status({}));
    let keys = 0;
    for (let seconds = 0; keys < KEYS.length && seconds < 120; seconds += 1) {
      await cluster.advance(1_000);
      keys = (await status()).keys;
    }
    for (const key of KEYS) expect(await cluster.held('n3', key)).toEqual([`of ${key}`]);
    expect(notes.number('coterie_hints_delivered_total')).toBeLessThanOrEqual(hintsPerTargetMax);
  },
);
