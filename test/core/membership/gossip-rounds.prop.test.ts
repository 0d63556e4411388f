import fc from 'fast-check';
import { expect, it } from 'vitest';
import { GossipRounds } from '../../../src/core/membership/gossip-rounds.ts';
import { RandomStream } from '../../../src/sim/kernel/random-stream.ts';

const addresses = fc.uniqueArray(fc.constantFrom('o:1', 'a:1', 'b:1', 'c:1', 'd:1', 'e:1', 'f:1'));

it('nobody is spoken with twice in a round, and never the node itself', () => {
  fc.assert(
    fc.property(addresses, addresses, addresses, fc.nat(), (live, down, seeds, seed) => {
      const random = new RandomStream(seed, 'rounds');
      const rounds = new GossipRounds(() => random.float());
      const candidates = { own: 'o:1', live, down, seeds };
      for (let round = 0; round < 10; round += 1) {
        const isFirst = round % 3 === 0;
        const peers = isFirst ? rounds.firstPeers(candidates) : rounds.nextPeers(candidates);
        expect(new Set(peers).size).toBe(peers.length);
        expect(peers).not.toContain('o:1');
        expect(peers.length).toBeLessThanOrEqual(isFirst ? 6 : 4);
        const known: string[] = [...live, ...down, ...seeds];
        expect(peers.every((peer) => known.includes(peer))).toBe(true);
      }
    }),
  );
});

it('everybody who is alive, gone or a seed is spoken with in the end', () => {
  fc.assert(
    fc.property(addresses, addresses, addresses, fc.nat(), (live, down, seeds, seed) => {
      const random = new RandomStream(seed, 'rounds');
      const rounds = new GossipRounds(() => random.float());
      const met = new Set<string>();
      for (let round = 0; round < 500; round += 1) {
        for (const peer of rounds.nextPeers({ own: 'o:1', live, down, seeds })) met.add(peer);
      }
      const all = new Set<string>([...live, ...down, ...seeds]);
      all.delete('o:1');
      expect(met).toEqual(all);
    }),
    { numRuns: 30 },
  );
});
