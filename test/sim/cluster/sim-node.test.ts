import { describe, expect, it } from 'vitest';
import type { SimCluster } from '../../../src/sim/cluster/sim-cluster.ts';
import type { UnsyncedFate } from '../../../src/sim/scenario.ts';
import { Load, onCluster, passes } from './cluster-rig.ts';

const FATES: readonly UnsyncedFate[] = ['kept', 'lost', 'part', 'torn'];

/** In an event of its own, so many microseconds from now. */
function at(cluster: SimCluster, delayUs: number, act: () => void): Promise<void> {
  return new Promise((resolve) => {
    cluster.kernel.schedule(delayUs, 'test', () => {
      act();
      resolve();
    });
  });
}

describe('a simulated machine', () => {
  it('survives fifty deaths at drawn moments of its start and of its work', async () => {
    await onCluster({ nodes: 3, seed: 4 }, async (cluster) => {
      const node = cluster.node(1);
      const draws = cluster.kernel.stream('deaths');
      const load = new Load(cluster, 2);
      for (let death = 0; death < 50; death += 1) {
        const delayUs = draws.between(0, draws.pick([2_000, 20_000, 200_000]));
        await at(cluster, delayUs, () => node.crash(draws.pick(FATES)));
        expect(node.state).toBe('DOWN');
        await at(cluster, 0, () => node.startIn(0));
      }
      await load.end();
      await cluster.heal();
      expect(cluster.nodes.map(({ state }) => state)).toEqual(Array(3).fill('SERVING'));
      expect(await load.lost()).toEqual([]);
      expect(node.ghostCount).toBe(0);
      expect(node.processCount).toBeGreaterThan(50);
    });
  });

  it('obeys a stop during its start, and starts again when told', async () => {
    await onCluster({ nodes: 3 }, async (cluster) => {
      const node = cluster.node(1);
      await node.stop();
      expect(node.state).toBe('DOWN');
      const started = node.start();
      await node.stop();
      await started;
      expect(node.state).toBe('DOWN');
      node.startIn(50);
      node.startIn(10);
      await passes(cluster, 40);
      expect(node.state).toBe('DOWN');
      await cluster.until(() => node.state === 'SERVING', 10_000);
      expect(node.state).toBe('SERVING');
      expect(node.processCount).toBe(3);
    });
  });

  it('keeps a paused process from everything, and lets it do all of it afterwards', async () => {
    await onCluster({ nodes: 3 }, async (cluster) => {
      const node = cluster.node(1);
      const resume = node.pause();
      const before = node.log.lines.length;
      const { frames } = cluster.network.counters;
      await passes(cluster, 3_000);
      expect(node.log.lines.length).toBe(before);
      resume();
      const load = new Load(cluster, 2);
      await passes(cluster, 1_000);
      await load.end();
      expect(cluster.network.counters.frames).toBeGreaterThan(frames);
      expect(await load.lost()).toEqual([]);
    });
  });

  it('stops a process by force that does not stop within ten seconds', async () => {
    await onCluster({ nodes: 3 }, async (cluster) => {
      const node = cluster.node(1);
      node.pause();
      const { nowUs } = cluster.kernel;
      await node.stop();
      expect((cluster.kernel.nowUs - nowUs) / 1_000).toBeCloseTo(10_000, -1);
      expect(cluster.sometimes['stop by force']).toBe(1);
      await node.start();
    });
  });

  it('tells its disk and its clock from those of its processes', async () => {
    await onCluster({ nodes: 3 }, async (cluster) => {
      const node = cluster.node(1);
      const aheadMs = (): number =>
        (node.clock?.wallMs() ?? 0) - (cluster.node(0).clock?.wallMs() ?? 0);
      node.jump(5_000);
      expect(aheadMs()).toBe(5_000);
      node.crash('kept');
      await node.start();
      expect(aheadMs()).toBe(5_000);
      expect(node.node?.name).toBe('n1');
    });
  });
});
