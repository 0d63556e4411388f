import { describe, expect, test } from 'vitest';
import { bytesToHex } from '../../../src/core/bytes.ts';
import { CoterieError } from '../../../src/core/errors.ts';
import {
  checkArguments,
  type NodeAnswer,
  planInit,
  proposalId,
} from '../../../src/core/ring/init-plan.ts';

const sizes = { nodes: [], replicas: 3, partitions: 16 };

function answer(number: number, change: Partial<NodeAnswer> = {}): NodeAnswer {
  return {
    target: `h${number}:7400`,
    name: `n${number}`,
    address: `h${number}:7400`,
    zone: `z${number}`,
    datacentre: 'dc-1',
    weight: 1,
    storeId: new Uint8Array(16).fill(number),
    layout: new Uint8Array(),
    ...change,
  };
}

const fresh = [answer(1), answer(2), answer(3)];
const made = planInit(sizes, fresh);
const holding = (number: number, change: Partial<NodeAnswer> = {}): NodeAnswer =>
  answer(number, { layout: made.encoded, ...change });

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof CoterieError) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('fresh nodes', () => {
  test('become one cluster of layout 1, told to all', () => {
    expect(made.kind).toBe('create');
    expect(made.layout.version).toBe(1);
    expect(made.layout.roles.map((role) => role.name)).toEqual(['n1', 'n2', 'n3']);
    expect(made.targets).toEqual(['h1:7400', 'h2:7400', 'h3:7400']);
    expect(made.layout.clusterId).toHaveLength(16);
  });

  test.each([
    [
      'another folder',
      [answer(1, { storeId: new Uint8Array(16).fill(9) }), answer(2), answer(3)],
      {},
    ],
    ['another zone', [answer(1, { zone: 'other' }), answer(2), answer(3)], {}],
    ['other replicas', fresh, { replicas: 2 }],
    ['other partitions', fresh, { partitions: 32 }],
  ])('%s makes another cluster', (_name, answers, change) => {
    const other = planInit({ ...sizes, ...change }, answers);
    expect(bytesToHex(other.layout.clusterId)).not.toBe(bytesToHex(made.layout.clusterId));
  });

  test('are refused when two answers are one node, or share a name', () => {
    const alias = answer(1, { target: 'localhost:7400' });
    expect(refusal(() => planInit(sizes, [answer(1), alias, answer(2)]))).toBe(
      'INVALID_ARGUMENT: h1:7400 and localhost:7400 are the same node, n1',
    );
    expect(
      refusal(() => planInit(sizes, [answer(1), answer(2), answer(3, { name: 'n1' })])),
    ).toContain('Two members have the name n1');
  });
});

describe('nodes of a cluster', () => {
  test('an init that was repeated changes nothing', () => {
    const plan = planInit(sizes, [holding(3), holding(1), holding(2)]);
    expect(plan).toMatchObject({ kind: 'unchanged', targets: [] });
    expect(plan.encoded).toEqual(made.encoded);
  });

  test('an init that was cut off half way is completed with the very same layout', () => {
    const plan = planInit(sizes, [answer(1), holding(2), answer(3)]);
    expect(plan).toMatchObject({ kind: 'complete', targets: ['h1:7400', 'h3:7400'] });
    expect(plan.encoded).toEqual(made.encoded);
  });

  test('a member that has moved to another address is still the same', () => {
    const plan = planInit(sizes, [{ ...holding(1), address: 'h9:7400' }, holding(2), holding(3)]);
    expect(plan).toMatchObject({ kind: 'unchanged', targets: [] });
  });

  test.each([
    ['other replicas', { replicas: 2 }, [1, 2, 3], {}, 'has 3 replicas and not 2'],
    ['other partitions', { partitions: 32 }, [1, 2, 3], {}, 'has 16 partitions and not 32'],
    ['a node less', { replicas: 3 }, [1, 2], {}, 'has a member n3 that was not named'],
    ['a node more', {}, [1, 2, 3, 4], {}, 'has no member n4'],
    ['another weight', {}, [1, 2, 3], { weight: 2 }, 'knows n1 as'],
  ])('%s is refused', (_name, change, numbers, first, fragment) => {
    const answers = numbers.map((number) =>
      number === 4 ? answer(4) : holding(number, number === 1 ? first : {}),
    );
    const message = refusal(() => planInit({ ...sizes, ...change }, answers));
    expect(message).toContain('CLUSTER_MISMATCH: h1:7400 already belongs to cluster');
    expect(message).toContain(fragment);
    expect(message).toContain('nothing was changed');
  });

  test('of a node that lost its folder and was started without its name the name is told', () => {
    const nameless = answer(3, { name: 'h3:7400', address: 'h3:7400' });
    const answers = [holding(1), holding(2), nameless];
    expect(refusal(() => planInit(sizes, answers))).toContain(
      'has no member h3:7400 but n3 at its address: start it with --id n3; nothing was changed',
    );
  });

  test('nodes of two clusters are refused', () => {
    const others = [answer(4), answer(5), answer(6)];
    const other = planInit(sizes, others);
    const answers = [holding(1), answer(2), answer(4, { layout: other.encoded })];
    expect(refusal(() => planInit(sizes, answers))).toMatch(
      /CLUSTER_MISMATCH: h1.*and h4.*nothing/,
    );
  });
});

describe('arguments', () => {
  test('fewer nodes than replicas, or one named twice, are refused at once', () => {
    expect(refusal(() => checkArguments({ ...sizes, nodes: ['a:1', 'b:1'] }))).toContain(
      '3 replicas need as many nodes; 2 given',
    );
    expect(refusal(() => checkArguments({ ...sizes, nodes: ['a:1', 'b:1', 'a:1'] }))).toContain(
      'a:1 is named twice',
    );
    const three = { ...sizes, nodes: ['a:1', 'b:1', 'c:1'], partitions: 100 };
    expect(refusal(() => checkArguments(three))).toContain('100; it must be a power of two');
  });

  test('ids are what they were: a retry by a later release must make the same cluster', () => {
    expect(bytesToHex(proposalId({ ...sizes, nodes: ['a:1', 'b:1'] }))).toBe(
      '021f14af713e23d8480c68fb107388f8',
    );
    expect(bytesToHex(made.layout.clusterId)).toBe('c7e6028048606653fbfd4954827262f5');
  });

  test('a proposal is named by its arguments, in any order of the nodes', () => {
    const base = proposalId({ ...sizes, nodes: ['a:1', 'b:1'] });
    expect(base).toHaveLength(16);
    expect(proposalId({ ...sizes, nodes: ['b:1', 'a:1'] })).toEqual(base);
    expect(proposalId({ ...sizes, nodes: ['a:1', 'c:1'] })).not.toEqual(base);
    expect(proposalId({ ...sizes, replicas: 2, nodes: ['a:1', 'b:1'] })).not.toEqual(base);
  });
});
