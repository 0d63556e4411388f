import { describe, expect, it } from 'vitest';
import { FAULT_KINDS, FAULTS } from '../../../src/sim/faults/catalogue.ts';
import { Nemesis } from '../../../src/sim/faults/nemesis.ts';
import type { FaultKind, FaultStep } from '../../../src/sim/scenario.ts';
import { Load, onCluster, passes } from '../cluster/cluster-rig.ts';

const LASTS = { atMs: 6_000, forMs: 3_000 };
const DOWN = { atMs: 6_000, downMs: 1_000 };

/** One of each kind, on a cluster that has worked for 6 s. */
const STEPS: { readonly [Kind in FaultKind]: Extract<FaultStep, { readonly kind: Kind }> } = {
  partition: {
    kind: 'partition',
    ...LASTS,
    groups: [
      [0, 1],
      [2, 3, 4],
    ],
    isOneWay: false,
  },
  clog: {
    kind: 'clog',
    ...LASTS,
    links: [
      { from: 1, to: 2 },
      { from: 2, to: 3 },
      { from: 3, to: 1 },
    ],
  },
  loss: { kind: 'loss', ...LASTS, share: 0.3 },
  delay: { kind: 'delay', ...LASTS, node: 1, byMs: 700 },
  reset: { kind: 'reset', atMs: 6_000, between: [1, 2], afterDelivery: true },
  replay: { kind: 'replay', atMs: 6_000, to: 1, connection: 0 },
  crash: { kind: 'crash', ...DOWN, node: 1, unsynced: 'torn' },
  restart: { kind: 'restart', ...DOWN, node: 1 },
  'power-loss': { kind: 'power-loss', ...DOWN, unsynced: 'lost' },
  wipe: { kind: 'wipe', ...DOWN, node: 1 },
  rollback: { kind: 'rollback', ...DOWN, node: 1, ageMs: 5_000 },
  'lost-batch': { kind: 'lost-batch', ...DOWN, node: 1, fromEnd: 10 },
  'disk-losses-in-turn': { kind: 'disk-losses-in-turn', ...DOWN, node: 1, loss: 'wipe' },
  'bit-rot': { kind: 'bit-rot', atMs: 6_000, node: 1, rows: 3 },
  'bad-block': { kind: 'bad-block', atMs: 6_000, node: 1, rows: 3 },
  'read-errors': { kind: 'read-errors', ...LASTS, node: 1, share: 0.5 },
  'failed-sync': { kind: 'failed-sync', ...DOWN, node: 1 },
  'disk-full': { kind: 'disk-full', ...LASTS, node: 1, freeShare: 0 },
  'disk-stall': { kind: 'disk-stall', ...LASTS, node: 1, byMs: 2_000 },
  pause: { kind: 'pause', ...LASTS, node: 1 },
  'slow-node': { kind: 'slow-node', ...LASTS, node: 1, perStepUs: 1_000 },
  'clock-jump': { kind: 'clock-jump', atMs: 6_000, node: 1, byMs: -1_800_000 },
};

async function runWith(step: FaultStep) {
  return await onCluster({ faults: [step], seed: 11 }, async (cluster) => {
    const nemesis = new Nemesis(cluster);
    const load = new Load(cluster, 2);
    nemesis.start();
    await passes(cluster, 9_500);
    await load.end();
    nemesis.stop();
    await cluster.heal();
    return {
      counts: nemesis.counts,
      states: cluster.nodes.map(({ state }) => state),
      lost: await load.lost(),
      acknowledged: load.acknowledged.size,
      losses: cluster.losses,
      rebuilt: [...new Set(cluster.rebuilt.map(({ node }) => node))],
      events: cluster.faultEvents,
      sometimes: cluster.sometimes,
      ghosts: cluster.ghostCount,
    };
  });
}

describe('a cluster that meets one fault', () => {
  for (const kind of FAULT_KINDS) {
    it(`loses nothing that it acknowledged: ${kind}`, async () => {
      const run = await runWith(STEPS[kind]);
      expect(run.counts).toEqual({ [kind]: 1 });
      expect(run.lost).toEqual([]);
      expect(run.acknowledged).toBeGreaterThan(60);
      expect(run.ghosts).toBe(0);
      expect(run.sometimes['dot_collisions']).toBe(0);
      expect(run.events[0]).toMatchObject({ kind, atUs: expect.any(Number) });
      const lost = kind === 'disk-losses-in-turn' ? 'wipe' : kind;
      const losses = kind === 'bad-block' ? [kind, 'set-aside'] : [lost];
      expect(run.losses.map((loss) => loss.kind)).toEqual(FAULTS[kind].losesSynced ? losses : []);
      expect(run.states).toEqual(Array.from({ length: 5 }, () => 'SERVING'));
      const isRebuilt = FAULTS[kind].losesSynced && kind !== 'bit-rot';
      expect(run.rebuilt).toEqual(isRebuilt ? ['n1'] : []);
    });
  }
});

it('a partition is noted with its sides, and its end too', async () => {
  const step: FaultStep = {
    ...{ kind: 'partition', atMs: 1_000, forMs: 500, isOneWay: false },
    groups: [
      [0, 3],
      [1, 5],
    ],
  };
  const events = await onCluster({ nodes: 4, faults: [step] }, async (cluster) => {
    new Nemesis(cluster).start();
    await passes(cluster, 2_000);
    return cluster.faultEvents;
  });
  expect(events.map(({ kind, sides }) => ({ kind, sides }))).toEqual([
    { kind: 'partition', sides: [['n0', 'n3'], ['n1']] },
    { kind: 'partition ends', sides: undefined },
  ]);
});
