import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesToHex } from '../../../src/core/bytes.ts';
import { type NodeAnswer, planInit } from '../../../src/core/ring/init-plan.ts';
import { layoutHash } from '../../../src/core/ring/layout.ts';

const answers = fc
  .array(fc.record({ weight: fc.integer({ min: 1, max: 3 }), zone: fc.constantFrom('z1', 'z2') }), {
    minLength: 3,
    maxLength: 6,
  })
  .map((nodes) =>
    nodes.map(
      ({ weight, zone }, number): NodeAnswer => ({
        target: `h${number}:1`,
        name: `n${number}`,
        address: `h${number}:1`,
        zone,
        datacentre: 'dc-1',
        weight,
        storeId: new Uint8Array(16).fill(number),
        layout: new Uint8Array(),
      }),
    ),
  );

const sizes = { nodes: [], replicas: 2, partitions: 16 };

test('the same answers in any order make the same cluster, byte for byte', () => {
  fc.assert(
    fc.property(answers, fc.infiniteStream(fc.nat()), (nodes, ranks) => {
      const shuffled = nodes
        .map((node) => ({ node, rank: ranks.next().value ?? 0 }))
        .sort((a, b) => a.rank - b.rank)
        .map(({ node }) => node);
      const [one, other] = [planInit(sizes, nodes), planInit(sizes, shuffled)];
      expect(bytesToHex(other.encoded)).toBe(bytesToHex(one.encoded));
    }),
  );
});

test('wherever an init was cut off, repeating it gives the rest the very same layout', () => {
  fc.assert(
    fc.property(answers, fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), (nodes, taken) => {
      const made = planInit(sizes, nodes);
      const cut = nodes.map((node, at) => (taken[at] ? { ...node, layout: made.encoded } : node));
      const again = planInit(sizes, cut);
      expect(layoutHash(again.encoded)).toEqual(layoutHash(made.encoded));
      expect(again.targets).toEqual(nodes.filter((_, at) => !taken[at]).map((node) => node.target));
    }),
  );
});
