import { describe, expect, it } from 'vitest';
import type { SimCluster } from '../../../src/sim/cluster/sim-cluster.ts';
import { Load, onCluster, passes } from './cluster-rig.ts';

/** Three nodes that have every key, and read every record from the disk. */
const CLUSTER = { nodes: 3, seed: 5, limits: { recordCacheBytesMax: 0 } };

function damageOf(cluster: SimCluster, name: string): string[] {
  const kinds = cluster.damage.filter(({ node }) => node === name).map(({ kind }) => kind);
  return kinds.filter((kind, index) => kind !== kinds[index - 1]);
}

/** With a load of writes, before and after the block goes bad. */
async function spoilt(cluster: SimCluster, act: (load: Load) => Promise<unknown>): Promise<void> {
  const load = new Load(cluster, 2);
  await passes(cluster, 4_000);
  expect(cluster.node(1).disk.spoilBlock(8)).toHaveLength(8);
  await act(load);
  await passes(cluster, 10_000);
  await load.end();
  await cluster.until(() => cluster.node(1).state === 'SERVING', 30_000);
  expect(cluster.node(1).state).toBe('SERVING');
  expect(await load.lost()).toEqual([]);
  expect(new Set(cluster.rebuilt.map(({ node }) => node))).toEqual(new Set(['n1']));
}

describe('a simulated node with a bad block', () => {
  it('finds it, ends itself, begins with nothing by itself and is rebuilt', async () => {
    await onCluster(CLUSTER, async (cluster) => {
      await spoilt(cluster, (load) => load.lost());
      expect(damageOf(cluster, 'n1')).toEqual(['found', 'ended', 'set-aside']);
      expect(cluster.losses.map(({ node, kind }) => `${node} ${kind}`)).toEqual(['n1 set-aside']);
      const said = cluster.states.filter(({ node }) => node === 'n1').map(({ state }) => state);
      const failed = said.indexOf('FAILED');
      expect(said.slice(failed - 1, failed + 2)).toEqual(['RECOVERING', 'FAILED', 'DOWN']);
      expect(cluster.node(1).disk.aside()).toHaveLength(1);
    });
  });

  it('dies of it, begins with nothing when a supervisor starts it, and is rebuilt', async () => {
    await onCluster(CLUSTER, async (cluster) => {
      await spoilt(cluster, async () => {
        cluster.node(1).meetBadBlocks();
        expect(cluster.node(1).state).toBe('DOWN');
      });
      expect(damageOf(cluster, 'n1')).toEqual(['met', 'set-aside']);
      expect(cluster.ghostCount).toBe(0);
    });
  });

  it('has met it when the cluster is healed', async () => {
    await onCluster(CLUSTER, async (cluster) => {
      const load = new Load(cluster, 2);
      await passes(cluster, 3_000);
      await load.end();
      const node = cluster.node(1);
      node.disk.spoilBlock(2);
      cluster.endAtHealing(() => node.meetBadBlocks());
      await cluster.heal();
      expect(node.state).toBe('SERVING');
      expect(node.disk.blocks.isEmpty).toBe(true);
      cluster.node(2).meetBadBlocks();
      expect(cluster.node(2).state).toBe('SERVING');
    });
  });
});
