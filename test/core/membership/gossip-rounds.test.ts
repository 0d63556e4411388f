import { describe, expect, it } from 'vitest';
import { GossipRounds } from '../../../src/core/membership/gossip-rounds.ts';
import { RandomStream } from '../../../src/sim/kernel/random-stream.ts';

const own = 'own:1';
const live = ['own:1', 'a:1', 'b:1', 'c:1', 'd:1', 'e:1'];

function roundsOf(seed = 1): GossipRounds {
  const random = new RandomStream(seed, 'rounds');
  return new GossipRounds(() => random.float());
}

describe('a round', () => {
  it('speaks with three live members, and in one of five also with one who is gone', () => {
    const rounds = roundsOf();
    const peers = Array.from({ length: 50 }, () => {
      return rounds.nextPeers({ own, live, down: ['x:1', 'y:1'], seeds: ['s:1', 'a:1', own] });
    });

    const lost = peers.map((round) => round.filter((peer) => !live.includes(peer)));
    expect(lost.filter(({ length }) => length === 1)).toHaveLength(10);
    expect(new Set(lost.flat())).toEqual(new Set(['x:1', 'y:1', 's:1']));
    for (const round of peers) expect(round.filter((peer) => live.includes(peer))).toHaveLength(3);
  });

  it('tries somebody every time while nobody is alive', () => {
    const rounds = roundsOf();
    const peers = Array.from({ length: 40 }, () => {
      return rounds.nextPeers({ own, live: [own], down: ['x:1'], seeds: ['s:1', own] });
    });

    expect(peers.every(({ length }) => length === 1)).toBe(true);
    expect(new Set(peers.flat())).toEqual(new Set(['x:1', 's:1']));
  });

  it('is empty for a node that is alone and knows nobody', () => {
    expect(roundsOf().nextPeers({ own, live: [own], down: [], seeds: [own] })).toEqual([]);
  });
});

it('a first round speaks with three strangers too, in whatever turn it comes', () => {
  const rounds = roundsOf();
  const seeds = ['s:1', 't:1', 'u:1', 'v:1', 'a:1', own];
  for (let round = 0; round < 5; round += 1) {
    const peers = rounds.firstPeers({ own, live, down: [], seeds });
    expect(peers.filter((peer) => live.includes(peer))).toHaveLength(3);
    expect(peers.filter((peer) => !live.includes(peer))).toHaveLength(3);
  }
  expect(rounds.firstPeers({ own, live: [own], down: [], seeds: ['s:1', own] })).toEqual(['s:1']);
});

it('a flush of news goes to live members only', () => {
  const rounds = roundsOf();

  expect(rounds.newsPeers({ own, live, down: ['x:1'], seeds: ['s:1'] })).toHaveLength(3);
  expect(rounds.newsPeers({ own, live: [own], down: ['x:1'], seeds: ['s:1'] })).toEqual([]);
});

it('rounds are a second apart, ten percent more or less', () => {
  const rounds = roundsOf();
  const pauses = Array.from({ length: 200 }, () => rounds.pauseMs());

  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(900);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(1_100);
  expect(new Set(pauses).size).toBeGreaterThan(50);
});
