import { describe, expect, it } from 'vitest';
import { get, onCluster, passes, put } from './cluster-rig.ts';

describe('a simulated cluster', () => {
  it('forms from five fresh nodes, and what one takes the others show', async () => {
    const seen = await onCluster({}, async (cluster) => {
      expect(cluster.nodes.map(({ state }) => state)).toEqual(Array(5).fill('SERVING'));
      expect(await put(cluster, cluster.node(0), 'k', 'w1')).toBe(true);
      return await get(cluster, cluster.node(4), 'k');
    });
    expect(seen).toEqual(['w1']);
  });
});
