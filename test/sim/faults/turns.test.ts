import { describe, expect, it } from 'vitest';
import { Nemesis } from '../../../src/sim/faults/nemesis.ts';
import { isTurnOf } from '../../../src/sim/faults/turns.ts';
import type { DiskLoss } from '../../../src/sim/history.ts';
import type { FaultStep } from '../../../src/sim/scenario.ts';
import { Load, onCluster, passes } from '../cluster/cluster-rig.ts';

const lost = (kind: DiskLoss['kind']): DiskLoss => ({
  ...{ node: 'n1', kind, atUs: 100, intactUntilUs: 0 },
});
const noticed = [{ atUs: 200, node: 'n1', state: 'RECOVERING', reason: '' }];
const nodes = (state: string) => [{ name: 'n1', state }];

describe('the turn of a disk', () => {
  it('has come when nobody else has lost anything', () => {
    expect(isTurnOf('n1', { losses: [], states: [], nodes: nodes('SERVING') })).toBe(true);
    const again = { losses: [lost('wipe')], states: noticed, nodes: nodes('RECOVERING') };
    expect(isTurnOf('n1', again)).toBe(true);
    expect(isTurnOf('n2', again)).toBe(false);
  });

  it('comes when the other one has noticed its loss and serves again', () => {
    const losses = [lost('wipe')];
    expect(isTurnOf('n2', { losses, states: noticed, nodes: nodes('SERVING') })).toBe(true);
    expect(isTurnOf('n2', { losses, states: [], nodes: nodes('SERVING') })).toBe(false);
    const before = noticed.map((change) => ({ ...change, atUs: 50 }));
    expect(isTurnOf('n2', { losses, states: before, nodes: nodes('SERVING') })).toBe(false);
  });

  it('never comes after rows of another one rotted', () => {
    const rot = { losses: [lost('bit-rot')], states: noticed, nodes: nodes('SERVING') };
    expect(isTurnOf('n2', rot)).toBe(false);
  });

  it('comes after a block of another one went bad when that has begun with nothing', () => {
    const block = { losses: [lost('bad-block')], states: noticed, nodes: nodes('SERVING') };
    expect(isTurnOf('n2', block)).toBe(false);
    const aside = { ...block, losses: [lost('bad-block'), { ...lost('set-aside'), atUs: 150 }] };
    expect(isTurnOf('n2', aside)).toBe(true);
    expect(isTurnOf('n2', { ...aside, states: [] })).toBe(false);
  });
});

const inTurn = (node: number, atMs: number): FaultStep => ({
  ...{ kind: 'disk-losses-in-turn', node, atMs, downMs: 500, loss: 'wipe' },
});

/** On three nodes that all have every key; what came of it. */
async function runWith(faults: readonly FaultStep[]) {
  return await onCluster({ nodes: 3, faults, seed: 11 }, async (cluster) => {
    const nemesis = new Nemesis(cluster);
    const load = new Load(cluster, 2);
    nemesis.start();
    await passes(cluster, 4_000);
    await load.end();
    await passes(cluster, 46_000);
    nemesis.stop();
    await cluster.heal();
    return { lost: await load.lost(), wiped: cluster.losses.map(({ node }) => node) };
  });
}

it('every disk of a cluster is lost in turn, and nothing that it acknowledged', async () => {
  const run = await runWith([inTurn(0, 5_000), inTurn(1, 20_000), inTurn(2, 35_000)]);
  expect(run.wiped).toEqual(['n0', 'n1', 'n2']);
  expect(run.lost).toEqual([]);
});

it('a disk whose turn has not come is left alone', async () => {
  const run = await runWith([inTurn(0, 5_000), inTurn(1, 5_100)]);
  expect(run.wiped).toEqual(['n0']);
});
