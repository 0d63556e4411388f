import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../src/sim/kernel/random-stream.ts';
import type { ClientStep } from '../../../src/sim/scenario.ts';
import { WORKLOADS, workloadByName } from '../../../src/sim/workloads/all.ts';

const FACTS = {
  clients: 5,
  durationMs: 60_000,
  ratePerSecond: 40,
  keys: 12,
  nodes: 5,
  replicas: 3,
};

const scriptsOf = (name: string, seed = 7) =>
  workloadByName(name).script(new RandomStream(seed, 'plan script'), FACTS);

const kindsOf = (steps: readonly ClientStep[]) => new Set(steps.map(({ kind }) => kind));

const stepsOf = (name: string) => scriptsOf(name).flatMap(({ steps }) => steps);

describe.each(WORKLOADS.map(({ name }) => name))('the workload %s', (name) => {
  it('makes the same scripts of the same stream, and others of another', () => {
    expect(scriptsOf(name)).toEqual(scriptsOf(name));
    expect(scriptsOf(name)).not.toEqual(scriptsOf(name, 8));
  });

  it('keeps its scripts plain JSON', () => {
    expect(JSON.parse(JSON.stringify(scriptsOf(name)))).toEqual(scriptsOf(name));
  });

  it('asks at about the rate that was wanted, in the order of time, under unique ids', () => {
    const scripts = scriptsOf(name);
    const steps = scripts.flatMap((script) => script.steps);
    const expected = (FACTS.durationMs / 1_000) * FACTS.ratePerSecond;
    expect(Math.abs(steps.length - expected)).toBeLessThan(expected / 5);
    expect(new Set(steps.map(({ id }) => id)).size).toBe(steps.length);
    for (const script of scripts) {
      const times = script.steps.map(({ atMs }) => atMs);
      expect(times).toEqual([...times].sort((one, other) => one - other));
      expect(times.every((atMs) => atMs >= 0 && atMs < FACTS.durationMs)).toBe(true);
    }
  });

  it('gives every client a name of its own and nodes that there are', () => {
    const scripts = scriptsOf(name);
    expect(scripts).toHaveLength(FACTS.clients);
    expect(new Set(scripts.map((script) => script.name)).size).toBe(FACTS.clients);
    for (const { nodes } of scripts) {
      expect(nodes.length).toBeGreaterThan(0);
      expect(new Set(nodes).size).toBe(nodes.length);
      expect(nodes.every((node) => node >= 0 && node < FACTS.nodes)).toBe(true);
    }
  });

  it('brings several clients to one key at one moment', () => {
    const steps = stepsOf(name);
    const moments = new Map<string, number>();
    for (const { atMs, key } of steps) {
      const moment = `${atMs} ${key}`;
      moments.set(moment, (moments.get(moment) ?? 0) + 1);
    }
    const together = [...moments.values()].filter((count) => count > 1).length;
    expect(together).toBeGreaterThan(50);
  });
});

describe('the workloads', () => {
  it('are looked up by name, and an unknown name is told which there are', () => {
    expect(workloadByName('cart').name).toBe('cart');
    expect(() => workloadByName('carts')).toThrow(/There is no workload carts; there are register/);
  });

  it('reach every kind of step and every choice of context together', () => {
    const all = WORKLOADS.flatMap(({ name }) => stepsOf(name));
    expect([...kindsOf(all)].sort()).toEqual(['change-set', 'delete', 'get', 'put', 'repeat']);
    const contexts = new Set(all.flatMap((step) => ('context' in step ? [step.context] : [])));
    expect([...contexts].sort()).toEqual(['last', 'none', 'other-key', 'overwrite', 'stale']);
  });

  it('ask for levels that fit verb and replicas only', () => {
    for (const { kind, level } of stepsOf('levels')) {
      if ('r' in level) {
        expect([level.r, level.w].every((count) => count >= 1 && count <= 3)).toBe(true);
      } else if (kind === 'get') {
        expect(level.level).not.toBe('any');
      }
    }
  });

  it('remove from sets what earlier steps added to the same key, and keep what is left small', () => {
    const sets = new Map<string, { added: Set<number>; left: Set<number> }>();
    const steps = stepsOf('set').sort((one, other) => one.id - other.id);
    for (const step of steps) {
      if (step.kind !== 'change-set') continue;
      const { added, left } = sets.get(step.key) ?? { added: new Set(), left: new Set() };
      for (const removed of step.removes) {
        expect(added.has(removed)).toBe(true);
        left.delete(removed);
      }
      added.add(step.id);
      left.add(step.id);
      sets.set(step.key, { added, left });
      expect(left.size).toBeLessThan(40);
      expect(step.removes.length).toBeLessThan(100);
    }
  });
});
