import { describe, expect, it } from 'vitest';
import type { FaultStep, Scenario } from '../../../src/sim/scenario.ts';
import {
  cutAt,
  keepClients,
  keepSteps,
  shortened,
  stepsOf,
  withoutNode,
} from '../../../src/sim/shrinking/edits.ts';
import { allSteps, largeScenario } from './fake-run.ts';

/** 5 nodes, 8 clients (numbers 5 to 12). */
function withFaults(...faults: FaultStep[]): Scenario {
  return { ...largeScenario(), faults };
}

const at = { atMs: 10, forMs: 20 } as const;

describe('a node leaves', () => {
  it('and everything behind it moves up by one', () => {
    const smaller = withoutNode(
      withFaults(
        {
          ...at,
          kind: 'partition',
          groups: [
            [0, 1],
            [2, 3, 9],
          ],
          isOneWay: true,
        },
        {
          ...at,
          kind: 'clog',
          links: [
            { from: 1, to: 2 },
            { from: 3, to: 5 },
          ],
        },
        { atMs: 5, kind: 'reset', between: [4, 6], afterDelivery: false },
        { atMs: 6, kind: 'replay', to: 3, connection: 2 },
        { atMs: 7, kind: 'crash', node: 2, downMs: 9, unsynced: 'torn' },
      ),
      1,
    );
    expect(smaller.faults).toEqual([
      { ...at, kind: 'partition', groups: [[0], [1, 2, 8]], isOneWay: true },
      { ...at, kind: 'clog', links: [{ from: 2, to: 4 }] },
      { atMs: 5, kind: 'reset', between: [3, 5], afterDelivery: false },
      { atMs: 6, kind: 'replay', to: 2, connection: 2 },
      { atMs: 7, kind: 'crash', node: 1, downMs: 9, unsynced: 'torn' },
    ]);
    expect(smaller.nodes).toBe(4);
    expect(smaller.clocks.map((clock) => clock.offsetMs)).toEqual([0, 200, 300, 400]);
  });

  it('and a fault that was about nothing else leaves as well', () => {
    const smaller = withoutNode(
      withFaults(
        { ...at, kind: 'partition', groups: [[1], [2]], isOneWay: false },
        { ...at, kind: 'clog', links: [{ from: 1, to: 2 }] },
        { atMs: 5, kind: 'reset', between: [1, 6], afterDelivery: false },
        { atMs: 6, kind: 'replay', to: 1, connection: 2 },
        { atMs: 7, kind: 'wipe', node: 1, downMs: 9 },
        { ...at, kind: 'pause', node: 1 },
        { ...at, kind: 'loss', share: 0.1 },
        { atMs: 8, kind: 'power-loss', downMs: 1, unsynced: 'lost' },
      ),
      1,
    );
    expect(smaller.faults.map((fault) => fault.kind)).toEqual(['loss', 'power-loss']);
  });

  it('and clients know the others, or node 0', () => {
    const scenario = largeScenario();
    const [first, second] = scenario.clients;
    const clients = [
      { ...first!, nodes: [2] },
      { ...second!, nodes: [1, 2, 4] },
    ];
    const smaller = withoutNode({ ...scenario, clients }, 2);
    expect(smaller.clients.map((client) => client.nodes)).toEqual([[0], [1, 3]]);
    for (const step of allSteps(smaller)) {
      if (step.kind === 'repeat') expect(step.through).toBeLessThan(4);
    }
  });
});

describe('clients leave', () => {
  const links = [
    { from: 6, to: 0 },
    { from: 0, to: 8 },
  ];
  const scenario = withFaults(
    { ...at, kind: 'clog', links },
    { atMs: 5, kind: 'reset', between: [2, 12], afterDelivery: false },
  );

  it('and the numbers of the others follow', () => {
    const smaller = keepClients(scenario, ({ name }) => ['client-3', 'client-7'].includes(name));
    expect(smaller.clients.map((client) => client.name)).toEqual(['client-3', 'client-7']);
    expect(smaller.faults).toEqual([
      { ...at, kind: 'clog', links: [{ from: 0, to: 5 }] },
      { atMs: 5, kind: 'reset', between: [2, 6], afterDelivery: false },
    ]);
  });

  it('and faults of nodes stay as they are', () => {
    const none = keepClients(
      withFaults({ atMs: 7, kind: 'wipe', node: 4, downMs: 9 }),
      () => false,
    );
    expect(none).toMatchObject({ clients: [], faults: [{ node: 4 }] });
  });
});

it('a cut leaves what began before it, and the run ends there', () => {
  const scenario = largeScenario();
  const cut = cutAt(scenario, 10_001);
  expect(cut.durationMs).toBe(10_002);
  expect(cut.faults).toEqual(scenario.faults.slice(0, 6));
  expect(allSteps(cut).every((step) => step.atMs <= 10_001)).toBe(true);
  expect(allSteps(cut)).toHaveLength(allSteps(scenario).filter((s) => s.atMs <= 10_001).length);
  expect(cutAt(scenario, 1e9).durationMs).toBe(scenario.durationMs);
});

it('steps are left out without a trace in others', () => {
  const scenario = largeScenario();
  const kept = keepSteps(scenario, (step) => step.key === 'k3');
  expect(kept.clients).toHaveLength(8);
  expect(stepsOf(kept)).toEqual(stepsOf(scenario).filter((step) => step.key === 'k3'));
});

it('steps come in the order in which they are due', () => {
  const times = stepsOf(largeScenario()).map((step) => step.atMs);
  expect(times).toEqual([...times].sort((one, other) => one - other));
});

it('what lasts can last for half as long, down to a millisecond', () => {
  expect(shortened({ ...at, kind: 'loss', share: 0.1 })).toMatchObject({ forMs: 10 });
  const crash = { atMs: 7, kind: 'crash', node: 2, downMs: 9, unsynced: 'torn' } as const;
  expect(shortened(crash)).toMatchObject({ downMs: 5 });
  expect(shortened({ ...crash, downMs: 1 })).toBeUndefined();
  expect(shortened({ atMs: 1, kind: 'clock-jump', node: 0, byMs: 50 })).toBeUndefined();
});

it('the scenario given is not changed', () => {
  const scenario = largeScenario();
  const before = JSON.stringify(scenario);
  withoutNode(scenario, 0);
  keepClients(scenario, () => false);
  cutAt(scenario, 5_000);
  keepSteps(scenario, () => false);
  stepsOf(scenario);
  expect(JSON.stringify(scenario)).toBe(before);
});
