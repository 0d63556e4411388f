/** Three `start` processes, the built command line, RocksDB on disk: what the cluster answers, and
 *  what it answers when its nodes die. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../src/index.ts';
import { ProcessCluster } from '../support/process-cluster.ts';
import { assertNothingLeft, type CommandResult, coterie } from '../support/processes.ts';

interface GetJson {
  readonly siblings: readonly { readonly value: string; readonly encoding: string }[];
  readonly context: string;
}

let cluster: ProcessCluster;

beforeAll(async () => {
  cluster = await ProcessCluster.start(3);
});

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  assertNothingLeft();
});

function put(key: string, value: string, ...more: string[]) {
  return coterie(['put', key, value, ...cluster.nodes(), '--json', ...more]);
}

function get(key: string, ...more: string[]) {
  return coterie(['get', key, ...cluster.nodes(), '--json', ...more]);
}

function values(result: CommandResult): string[] {
  return result.json<GetJson>().siblings.map((sibling) => sibling.value);
}

describe('three processes', () => {
  it.each(['one', 'quorum', 'all'])('store and read back at %s', async (level) => {
    const stored = await put(`key-${level}`, `value of ${level}`, '--consistency', level);
    expect(stored.stderr).toBe('');
    expect(stored.code).toBe(0);
    expect(stored.json()).toEqual({
      bucket: 'default',
      key: `key-${level}`,
      context: expect.stringMatching(/^\S+$/),
      level,
      siblings: 1,
      acks: {
        required: { one: 1, quorum: 2, all: 3 }[level],
        received: expect.any(Number),
        nodes: expect.arrayContaining([expect.stringMatching(/^n[012]$/)]),
      },
      durable: expect.any(Number),
      requestId: expect.stringMatching(/^[0-9a-f]{32}$/),
      elapsedMs: expect.any(Number),
    });
    // At ALL, so that the answer does not hang on which replica a weaker write reached.
    const read = await get(`key-${level}`, '--consistency', 'all');
    expect(read.code).toBe(0);
    expect(read.json()).toEqual({
      bucket: 'default',
      key: `key-${level}`,
      found: true,
      siblings: [
        {
          value: `value of ${level}`,
          encoding: 'utf8',
          dot: expect.stringMatching(/^\d+\.\d+\.\d+$/),
          writtenAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        },
      ],
      context: expect.stringMatching(/^\S+$/),
      level: 'all',
      replies: { required: 3, received: 3, nodes: ['n0', 'n1', 'n2'].map(anyOf) },
      elapsedMs: expect.any(Number),
    });
  });

  it('answer 1 for a key that is not there', async () => {
    const read = await get('never-written');
    expect(read.code).toBe(1);
    expect(read.json()).toMatchObject({ found: false, siblings: [] });
  });

  it('keep writes without context through different nodes until a context merges', async () => {
    await Promise.all([0, 1].map((n) => coterie(['put', 'cart', `${n}`, ...cluster.nodes(n)])));
    const read = await get('cart');
    expect(values(read).toSorted()).toEqual(['0', '1']);
    const refused = await coterie(['get', 'cart', ...cluster.nodes(), '--raw']);
    expect(refused.code).toBe(4);
    expect(refused.stdout).toBe('');
    expect(refused.stderr).toMatch(/^SIBLINGS: cart has 2 siblings.*--sibling I/);
    const picked = await coterie(['get', 'cart', ...cluster.nodes(), '--raw', '--sibling', '1']);
    expect(picked.code).toBe(0);
    expect(picked.stdout).toBe(values(read)[1]);

    const merged = await put('cart', 'both', '--context', read.json<GetJson>().context);
    expect(merged.json()).toMatchObject({ siblings: 1 });
    const raw = await coterie(['get', 'cart', ...cluster.nodes(), '--raw']);
    expect(raw.stdout).toBe('both');
  });

  it("never drop another client's acknowledged sibling that a client has not read", async () => {
    await using client = await connect({ nodes: cluster.addresses });
    const a1 = await client.put('dots', 'a1');
    await client.put('dots', 'b1');
    const a2 = await client.put('dots', 'a2', { context: a1.context });
    await client.put('dots', 'a3', { context: a2.context });
    expect(values(await get('dots')).toSorted()).toEqual(['a3', 'b1']);
  });

  it('delete exactly what a read saw, and nothing where nothing is', async () => {
    await put('gone', 'soon');
    expect((await coterie(['delete', 'gone', ...cluster.nodes()])).code).toBe(0);
    const nothing = await coterie(['delete', 'gone', ...cluster.nodes(), '--json']);
    expect(nothing.code).toBe(0);
    expect(nothing.json()).toMatchObject({ found: false });
    expect((await get('gone')).code).toBe(1);
  });

  it('explain who was asked, who answered when and with what, and what was counted', async () => {
    const read = await get('key-all', '--explain', '--consistency', 'all');
    const step = {
      node: expect.stringMatching(/^n[012]$/),
      action: expect.stringMatching(/^(read|digest)$/),
      sentAtMs: expect.any(Number),
      answeredAtMs: expect.any(Number),
      outcome: expect.stringMatching(/\w/),
      counted: true,
    };
    expect(read.json()).toMatchObject({
      trace: {
        coordinator: expect.stringMatching(/^n[012]$/),
        partition: expect.any(Number),
        layoutVersion: 1,
        steps: [step, step, step],
      },
    });
    const shown = await coterie(['get', 'key-all', ...cluster.nodes(), '--explain']);
    expect(shown.stdout).toMatch(/^value of all\n/);
    expect(shown.stdout).toMatch(/coordinator n[012], partition \d+ of layout 1/);
  });

  it('make a retry with its request id harmless, and refuse another value under it', async () => {
    const requestId = '0123456789abcdef0123456789abcdef';
    const first = await put('retried', 'once', '--request-id', requestId);
    const again = await put('retried', 'once', '--request-id', requestId);
    expect(again.code).toBe(0);
    expect(again.json<GetJson>().context).toBe(first.json<GetJson>().context);
    const other = await put('retried', 'another value', '--request-id', requestId);
    expect(other.code).toBe(2);
    expect(other.error()).toMatchObject({ code: 'INVALID_ARGUMENT', applied: 'no' });
    expect(values(await get('retried'))).toEqual(['once']);
  });

  it('show their state and their ring, as JSON too', async () => {
    const status = await coterie(['status', ...cluster.nodes(1), '--json']);
    expect(status.json()).toMatchObject({
      cluster: expect.stringMatching(/^[0-9a-f]{32}$/),
      layout: {
        version: 1,
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
        partitions: 256,
        replicas: 3,
      },
      node: {
        name: 'n1',
        address: cluster.address(1),
        state: 'SERVING',
        reason: '',
        engine: 'rocksdb',
        disk: { freeBytes: expect.any(Number), totalBytes: expect.any(Number) },
      },
      nodes: [0, 1, 2].map((index) => ({
        id: `n${index}`,
        index,
        inLayout: true,
        address: cluster.address(index),
        zone: `z${index}`,
        datacentre: 'dc-1',
        weight: 1,
        replicas: 256,
        link: index === 1 ? 'self' : 'connected',
      })),
    });
    const ring = await coterie(['ring', ...cluster.nodes(), '--json']);
    const { owners, nodes } = ring.json<{ owners: string[][]; nodes: object[] }>();
    expect(owners).toHaveLength(256);
    expect(owners.every((names) => new Set(names).size === 3)).toBe(true);
    expect(nodes).toHaveLength(3);
    const [place, table] = await Promise.all([
      coterie(['ring', '--key', 'cart', ...cluster.nodes(), '--json']),
      coterie(['ring', ...cluster.nodes()]),
    ]);
    const { partition } = place.json<{ partition: number }>();
    expect(place.json()).toMatchObject({
      preferenceList: owners[partition]?.map((name) => ({ name })),
    });
    expect(table.stdout).toMatch(/256 partitions, 3 replicas\n/);
  });

  it('are found through COTERIE_NODES, and past an address that refuses', async () => {
    const nobody = '127.0.0.1:1';
    const listed = await coterie(['get', 'key-all', '--raw'], {
      env: { COTERIE_NODES: `${nobody},${cluster.address(0)}` },
    });
    expect(listed).toMatchObject({ code: 0, stdout: 'value of all' });
    const named = await coterie(['status', '--node', nobody, ...cluster.nodes(2), '--json']);
    expect(named.json()).toMatchObject({ node: { name: 'n2' } });
    const alone = await coterie(['get', 'key-all', '--node', nobody, '--json']);
    expect(alone.code).toBe(3);
    expect(alone.error()).toMatchObject({
      code: 'UNREACHABLE',
      applied: 'no',
      message: expect.stringContaining(nobody),
    });
  });
});

describe('when nodes die', () => {
  it('quorum stands with one dead and ONE with two; ALL fails at once, naming the node', async () => {
    await using client = await connect({ nodes: cluster.addresses });
    const keys = Array.from({ length: 200 }, (_, index) => `durable-${index}`);
    const expected = keys.map((key) => [`v-${key}`]);
    const readAll = async (consistency: 'quorum' | 'all') => {
      const results = await Promise.all(keys.map((key) => client.get(key, { consistency })));
      const decoder = new TextDecoder();
      return results.map(({ siblings }) => siblings.map(({ value }) => decoder.decode(value)));
    };
    await Promise.all(keys.map((key) => client.put(key, `v-${key}`)));

    await cluster.kill(2);
    expect(await readAll('quorum')).toEqual(expected);
    expect((await put('while-down', 'yes')).code).toBe(0);
    const all = await put('needs-all', 'x', '--consistency', 'all', '--timeout', '30s');
    expect(all.code).toBe(3);
    // A timeout would have another code and, after 30 s, none at all.
    expect(all.error()).toMatchObject({ code: 'NO_REPLICA', applied: 'no' });
    expect(all.error().message).toContain('n2');

    await cluster.kill(1);
    const quorum = await get('while-down');
    expect(quorum.code).toBe(3);
    const refused = await put('needs-quorum', 'x');
    expect(refused.code).toBe(3);
    expect(refused.error()).toMatchObject({ code: 'NO_REPLICA', applied: 'no' });
    const one = await get('while-down', '--consistency', 'one');
    expect(values(one)).toEqual(['yes']);
    expect((await put('at-one', 'x', '--consistency', 'one')).code).toBe(0);

    await Promise.all([1, 2].map((index) => cluster.startNode(index)));
    await cluster.untilServing();
    expect(await readAll('all')).toEqual(expected);
    expect(values(await get('at-one', '--consistency', 'all'))).toEqual(['x']);
    expect((await get('needs-all', '--consistency', 'all')).code).toBe(1);
  });
});

function anyOf(_: string, __: number, names: readonly string[]) {
  return expect.stringMatching(new RegExp(`^(${names.join('|')})$`));
}
