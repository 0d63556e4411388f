import { describe, expect, it } from 'vitest';
import { type CoterieCluster, CoterieShape } from '../../../src/core/pbs/coterie-shape.ts';
import { TrialOutcome } from '../../../src/core/pbs/trial.ts';
import { legDraws } from './leg-draws.ts';

const THREE: CoterieCluster = {
  replicas: 3,
  nodes: 3,
  remoteMs: 0,
  readsAll: false,
  storesInWrite: false,
};

function play(cluster: Partial<CoterieCluster>, lists: Parameters<typeof legDraws>[1]) {
  const whole = { ...THREE, ...cluster };
  const outcome = new TrialOutcome(whole.replicas);
  new CoterieShape(whole).play(legDraws(whole.replicas, lists), 0, outcome);
  const { ackMs, replyMs, freshFromMs } = outcome;
  return { ack: [...ackMs], reply: [...replyMs], freshFrom: [...freshFromMs] };
}

describe('a write', () => {
  it('commits at the minter first, without network, and only then goes out', () => {
    const { ack } = play({}, { commit: [10, 1, 2], write: [99, 3, 4], ack: [99, 1, 1] });
    expect(ack).toEqual([10, 10 + 3 + 1 + 1, 10 + 4 + 2 + 1]);
  });

  it('takes the whole leg at the minter when storing has no time of its own', () => {
    expect(play({ storesInWrite: true }, { write: [5, 3, 4] }).ack).toEqual([5, 8, 9]);
  });

  it('pays the distance to every other node', () => {
    expect(play({ remoteMs: 75 }, { commit: [1, 1, 1] }).ack).toEqual([1, 152, 152]);
  });
});

describe('a read', () => {
  const legs = { commit: [1, 1, 1], write: [0, 20, 30], read: [5, 6, 7], response: [1, 1, 1] };

  it('looks in its own copy at once, and asks the others in the order that was drawn', () => {
    // The reader is node 1; of the other two replica 0 is drawn first.
    const { reply, freshFrom } = play({}, { ...legs, chance: [0.4, 0.99, 0, 0.99] });
    expect(reply).toEqual([0, 6, 8]);
    expect(freshFrom).toEqual([22, 1 - 5, 1 - 5]);
  });

  it('at the minter is fresh at once', () => {
    const { freshFrom, ack } = play({}, { ...legs, chance: [0, 0, 0, 0] });
    expect(freshFrom[0]).toBe(ack[0]);
  });

  it('goes over the network to every replica when the reader has none', () => {
    const { reply } = play({ nodes: 30 }, { ...legs, chance: [0.9, 0, 0, 0] });
    expect(reply).toEqual([6, 7, 8]);
  });

  it('that asks all of them takes the fastest', () => {
    const { reply } = play(
      { nodes: 30, readsAll: true },
      { ...legs, read: [9, 4, 6], chance: [0.9, 0, 0, 0] },
    );
    expect(reply).toEqual([5, 7, 10]);
  });
});

it('refuses fewer nodes than replicas', () => {
  expect(() => new CoterieShape({ ...THREE, nodes: 2 })).toThrow('3 replicas on 2 nodes');
});
