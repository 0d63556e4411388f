import { describe, expect, it } from 'vitest';
import { FAULT_KINDS } from '../../../src/sim/faults/catalogue.ts';
import { Nemesis } from '../../../src/sim/faults/nemesis.ts';
import { planFaults } from '../../../src/sim/faults/plan-faults.ts';
import { RandomStream } from '../../../src/sim/kernel/random-stream.ts';
import type { FaultStep, UnsyncedFate } from '../../../src/sim/scenario.ts';
import { clientOf, Load, onCluster, passes } from './cluster-rig.ts';

const FATES: readonly UnsyncedFate[] = ['kept', 'lost', 'part', 'torn'];

describe('a simulated cluster', () => {
  it('forms from five fresh nodes, and what one takes the others show', async () => {
    const seen = await onCluster({}, async (cluster) => {
      expect(cluster.nodes.map(({ state }) => state)).toEqual(Array(5).fill('SERVING'));
      const [one, other] = [clientOf(cluster, 0), clientOf(cluster, 1)];
      await one.put('k', 'w1');
      const { siblings } = await other.get('k');
      await Promise.all([one.close(), other.close()]);
      return siblings.map(({ value }) => new TextDecoder().decode(value));
    });
    expect(seen).toEqual(['w1']);
  });

  it('forms on a slow network whose clocks are apart, with tiny bounds', async () => {
    const given = {
      network: { delayMinMs: 5, delayMeanMs: 60, tailShare: 0.05, tailFactor: 20 },
      clocks: [0, 1, 2, 3, 4].map((index) => ({
        offsetMs: (index - 2) * 1_800_000,
        driftPpm: (index - 2) * 250,
      })),
      limits: { requestsMax: 4, peerRequestsMax: 4, batchBytesMax: 1_024, windowBytes: 512 },
    };
    const marks = await onCluster(given, async (cluster) => {
      const load = new Load(cluster, 8);
      await passes(cluster, 5_000);
      await load.end();
      expect(await load.lost()).toEqual([]);
      return cluster.watermarks;
    });
    expect(marks.map(({ what }) => what)).toContain('coterie_requests_in_flight');
    expect(marks.filter(({ largest, bound }) => largest > bound)).toEqual([]);
  });

  it('notes what its nodes think of each other, and whom they hold to be gone or back', async () => {
    const nodes = ['n0', 'n1', 'n2'];
    await onCluster({ nodes: 3 }, async (cluster) => {
      await passes(cluster, 3_000);
      const views = await cluster.memberViews();
      const pairs = views.map(({ node, about, state }) => `${node} ${about} ${state}`);
      const all = nodes.flatMap((node) => nodes.map((about) => `${node} ${about} ALIVE`));
      expect(pairs.sort()).toEqual(all);
      cluster.node(1).crash('kept');
      await passes(cluster, 20_000);
      const others = (await cluster.memberViews()).filter(({ about }) => about === 'n1');
      expect(others.map(({ node, state }) => `${node} ${state}`)).toEqual(['n0 DOWN', 'n2 DOWN']);
      await cluster.node(1).start();
      await passes(cluster, 10_000);
      const told = cluster.memberChanges.filter(
        ({ about, node }) => about === 'n1' && node === 'n0',
      );
      expect(told.map(({ kind }) => kind)).toEqual(['up', 'down', 'up']);
      const old = views.find(({ node, about }) => node === 'n0' && about === 'n1');
      const now = (await cluster.memberViews()).find(({ node }) => node === 'n1');
      expect(now?.generation).toBeGreaterThan(old?.generation ?? Number.POSITIVE_INFINITY);
    });
  });

  it('does the same in every run of a seed, whatever breaks', async () => {
    const facts = { nodes: 5, replicas: 3, durationMs: 12_000, clients: 4, kinds: FAULT_KINDS };
    const run = (seed: number): Promise<string> => {
      const faults = planFaults((what) => new RandomStream(seed, `plan ${what}`), facts);
      return onCluster({ seed, faults, durationMs: facts.durationMs }, async (cluster) => {
        const nemesis = new Nemesis(cluster);
        const load = new Load(cluster);
        nemesis.start();
        await passes(cluster, facts.durationMs);
        await load.end();
        await cluster.heal();
        return `${cluster.kernel.trace.digest()} ${JSON.stringify(cluster.faultEvents)}`;
      });
    };
    const first = await run(8);
    expect(first).toContain('bit-rot');
    expect(await run(8)).toBe(first);
  });

  it('loses no acknowledged write in fifty crashes at drawn moments', async () => {
    const draws = new RandomStream(3, 'crashes');
    const faults = Array.from({ length: 50 }, (_, index): FaultStep => {
      const atMs = 300 + 400 * index + draws.below(350);
      const node = draws.below(5);
      return {
        kind: 'crash',
        atMs,
        node,
        downMs: 20 + draws.below(300),
        unsynced: draws.pick(FATES),
      };
    });
    await onCluster({ seed: 3, faults }, async (cluster) => {
      const nemesis = new Nemesis(cluster);
      const load = new Load(cluster, 2);
      nemesis.start();
      await passes(cluster, 21_000);
      await load.end();
      await cluster.heal();
      expect(cluster.nodes.map(({ state }) => state)).toEqual(Array(5).fill('SERVING'));
      expect(nemesis.counts['crash']).toBeGreaterThan(40);
      expect(await load.lost()).toEqual([]);
      const contents = cluster.contents();
      for (const [key, value] of load.acknowledged) {
        const holders = contents.filter(({ records, owns }) => {
          const siblings = records.get(key)?.siblings ?? [];
          return owns(key) && siblings.some(({ write }) => `w${write}` === value);
        });
        expect(holders.length, key).toBeGreaterThanOrEqual(2);
      }
      expect(cluster.minted.length).toBeGreaterThanOrEqual(load.acknowledged.size);
      expect(cluster.ghostCount).toBe(0);
    });
  });

  it('starts a node again that ended itself, as a supervisor does', async () => {
    await onCluster({}, async (cluster) => {
      const node = cluster.node(2);
      const load = new Load(cluster);
      node.disk.failNextSync();
      await passes(cluster, 6_000);
      await load.end();
      expect(node.processCount).toBe(2);
      expect(cluster.faultEvents).toMatchObject([{ kind: 'node-failed', nodes: ['n2'] }]);
      const states = cluster.states.filter((change) => change.node === 'n2');
      expect(states.map(({ state }) => state)).toEqual([
        'UNINITIALISED',
        'SERVING',
        'FAILED',
        'DOWN',
        'UNVERIFIED',
        'SERVING',
      ]);
      expect(await load.lost()).toEqual([]);
    });
  });

  it('is whole again after healing, whatever lasts', async () => {
    await onCluster({}, async (cluster) => {
      const { network } = cluster;
      const [one, other] = [cluster.node(0), cluster.node(1)];
      const rest = cluster.nodes.slice(1).map(({ address }) => address);
      cluster.endLater(3_600_000, network.partition([one.address], rest, false));
      cluster.endLater(3_600_000, network.lose(0.3));
      cluster.endLater(3_600_000, other.pause());
      cluster.endLater(3_600_000, cluster.node(2).disk.fill(0));
      cluster.kernel.schedule(0, 'test', () => cluster.node(3).crash('lost'));
      await passes(cluster, 5_000);
      await cluster.heal();
      expect(cluster.nodes.map(({ state }) => state)).toEqual(Array(5).fill('SERVING'));
      for (const { meter } of cluster.nodes) expect(meter.linked.size).toBe(4);
    });
  });
});
