import { describe, expect, it } from 'vitest';
import { atlasBreaches } from '../../../src/sim/faults/atlas.ts';
import { FAULT_KINDS, FAULTS } from '../../../src/sim/faults/catalogue.ts';
import { planFaults } from '../../../src/sim/faults/plan-faults.ts';
import { RandomStream } from '../../../src/sim/kernel/random-stream.ts';
import type { FaultKind, FaultStep } from '../../../src/sim/scenario.ts';

const FACTS = { nodes: 5, replicas: 3, durationMs: 120_000, clients: 6, kinds: FAULT_KINDS };

const planned = (seed: number, facts = FACTS): FaultStep[] =>
  planFaults((what) => new RandomStream(seed, `plan ${what}`), facts);
const seeds = Array.from({ length: 200 }, (_, seed) => seed);
const kindsOf = (steps: readonly FaultStep[]): Set<FaultKind> =>
  new Set(steps.map(({ kind }) => kind));

describe('a plan of faults', () => {
  it('is the same for the same seed', () => {
    expect(planned(7)).toEqual(planned(7));
    expect(planned(7)).not.toEqual(planned(8));
  });

  it('is plain JSON of whole milliseconds in the order of time', () => {
    for (const seed of seeds) {
      const steps = planned(seed);
      expect(JSON.parse(JSON.stringify(steps))).toEqual(steps);
      const times = steps.map(({ atMs }) => atMs);
      expect(times.every(Number.isInteger)).toBe(true);
      expect(times).toEqual([...times].sort((one, other) => one - other));
    }
  });

  it('stays within the atlas, in clusters of every size', () => {
    for (const seed of seeds) {
      const facts = { ...FACTS, nodes: 3 + (seed % 5), replicas: 2 + (seed % 2) };
      const losses = (step: FaultStep): number => (FAULTS[step.kind].losesSynced ? 0 : 1);
      const steps = planned(seed, facts).sort((one, other) => losses(one) - losses(other));
      expect(atlasBreaches(facts, steps)).toEqual([]);
    }
  });

  it('has every kind in some runs and in no run all of them', () => {
    const runs = seeds.map((seed) => kindsOf(planned(seed)));
    for (const kind of FAULT_KINDS) {
      const share = runs.filter((kinds) => kinds.has(kind)).length / runs.length;
      expect(share, kind).toBeGreaterThan(0.02);
      expect(share, kind).toBeLessThan(0.9);
    }
  });

  it('has what was asked for in every run when little was asked for', () => {
    for (const seed of seeds) {
      expect(kindsOf(planned(seed, { ...FACTS, kinds: ['crash'] }))).toEqual(new Set(['crash']));
    }
  });

  it('names only nodes and clients that there are', () => {
    for (const seed of seeds) {
      for (const step of planned(seed)) {
        if ('node' in step) expect(step.node).toBeLessThan(FACTS.nodes);
        if (step.kind !== 'partition') continue;
        const members = step.groups.flat();
        expect(step.groups.every((group) => group.length > 0)).toBe(true);
        expect(Math.max(...members)).toBeLessThan(FACTS.nodes + FACTS.clients);
        expect(new Set(members).size).toBe(members.length);
      }
    }
  });
});
