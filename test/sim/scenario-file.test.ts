import { describe, expect, it } from 'vitest';
import { planScenario } from '../../src/sim/plan.ts';
import { parseScenario } from '../../src/sim/scenario-file.ts';

const scenario = () => JSON.parse(JSON.stringify(planScenario({ seed: 3, minutes: 0.5 })));

describe('a stored scenario', () => {
  it('is taken as it was drawn', () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const drawn = planScenario({ seed, minutes: 0.2 });
      expect(parseScenario(JSON.parse(JSON.stringify(drawn)))).toEqual(drawn);
    }
  });

  const wrong: [string, (value: ReturnType<typeof scenario>) => unknown][] = [
    ['the scenario', () => 'text'],
    ['version', (value) => ({ ...value, version: 2 })],
    ['seed', (value) => ({ ...value, seed: '3' })],
    ['durationMs', (value) => ({ ...value, durationMs: null })],
    ['workload', (value) => ({ ...value, workload: undefined })],
    ['network', (value) => ({ ...value, network: undefined })],
    ['network.tailShare', (value) => ({ ...value, network: { ...value.network, tailShare: '' } })],
    ['limits', (value) => ({ ...value, limits: undefined })],
    ['clocks', (value) => ({ ...value, clocks: 1 })],
    ['clocks.driftPpm', (value) => ({ ...value, clocks: [{ offsetMs: 1 }] })],
    ['faults.atMs', (value) => ({ ...value, faults: [{ kind: 'crash' }] })],
    ['faults.kind', (value) => ({ ...value, faults: [{ kind: 'meteor', atMs: 1 }] })],
    ['clients', (value) => ({ ...value, clients: {} })],
    [
      'clients.retry',
      (value) => ({ ...value, clients: [{ ...value.clients[0], retry: 'often' }] }),
    ],
    ['clients.steps', (value) => ({ ...value, clients: [{ ...value.clients[0], steps: 3 }] })],
    [
      'clients.steps.kind',
      (value) => ({
        ...value,
        clients: [
          {
            ...value.clients[0],
            steps: [{ id: 1, atMs: 1, key: 'k', level: { level: 'one' }, kind: 'drop' }],
          },
        ],
      }),
    ],
  ];

  it.each(wrong)('is refused by the name of what is wrong: %s', (name, spoil) => {
    expect(() => parseScenario(spoil(scenario()))).toThrow(new RegExp(`^${name} `));
  });
});
