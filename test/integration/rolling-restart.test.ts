/** What comes and goes beside clients at work: each of five nodes is restarted, one moves, a
 *  stranger and a copy turn up. No request of the SDK fails.
 *  A node is stopped once the one before has said `ready` and the others work with it again, which
 *  on a quiet machine is the same moment. Requests have a longer budget than by default, because a
 *  machine at its limit may need it for anything; their retries are the default. */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, CoterieError, connect } from '../../src/index.ts';
import type { MemberStatus } from '../../src/wire/generated/coterie/v1/admin.ts';
import { administer, ProcessCluster } from '../support/process-cluster.ts';
import { assertNothingLeft, coterie, serve } from '../support/processes.ts';
import { waitUntil } from '../support/wait-until.ts';

const INDEXES = [0, 1, 2, 3, 4];
const IN_FLIGHT = 64;
const KEYS = Array.from({ length: 512 }, (_, index) => `key-${index}`);
const TIMEOUT_MS = 10_000;
const FOUND_WITHIN_MS = 20_000;

let cluster: ProcessCluster;
let client: Client;

beforeAll(async () => {
  cluster = await ProcessCluster.start(INDEXES.length, { seeded: true });
  client = await connect({ nodes: [cluster.address(0)], timeoutMs: TIMEOUT_MS });
});

afterAll(async () => {
  await client?.close();
  await cluster?.[Symbol.asyncDispose]();
  assertNothingLeft();
});

/** Puts and gets at quorum, with the retries that the SDK does by itself. Each worker has keys of
 *  its own, so that it knows what a get must show. */
class Load implements AsyncDisposable {
  done = 0;
  slowestMs = 0;
  readonly failures: string[] = [];
  readonly #workers: Promise<void>[];
  #isStopping = false;

  constructor(of: Client) {
    this.#workers = Array.from({ length: IN_FLIGHT }, (_, worker) => this.#work(of, worker));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.#workers);
  }

  async #work(of: Client, worker: number): Promise<void> {
    const keys = KEYS.filter((_, index) => index % IN_FLIGHT === worker);
    const written = new Map<string, string>();
    for (let round = 0; !this.#isStopping; round += 1) {
      const key = keys[round % keys.length] ?? '';
      const value = `${key} ${round}`;
      const read = await this.#timed(`get ${key}`, () => of.get(key));
      if (read === undefined) continue;
      const found = read.siblings.map((sibling) => new TextDecoder().decode(sibling.value));
      const expected = written.get(key);
      if (expected !== undefined && found.join() !== expected) {
        this.failures.push(`${key} is ${found.join(' and ')}, not ${expected}`);
      }
      const { context } = read;
      const done = await this.#timed(`put ${key}`, () => of.put(key, value, { context }));
      if (done !== undefined) written.set(key, value);
    }
  }

  async #timed<Result>(what: string, ask: () => Promise<Result>): Promise<Result | undefined> {
    const startedMs = performance.now();
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof CoterieError)) throw error;
      this.failures.push(`${what}: ${error.code} (${error.applied}): ${error.message}`);
      return undefined;
    } finally {
      this.done += 1;
      this.slowestMs = Math.max(this.slowestMs, performance.now() - startedMs);
    }
  }
}

/** What the first node says of the node of this name. */
async function knownAs(name: string): Promise<MemberStatus | undefined> {
  const { members } = await cluster.status(0);
  return members.find((member) => member.name === name);
}

/** Whoever heard of the copy hears of the original again, which has risen above it. */
async function untilOriginalIsKnown(): Promise<void> {
  const address = cluster.address(4);
  for (const other of INDEXES.filter((each) => each !== 4)) {
    await cluster.untilStatus(other, 'knowing the original again', ({ members }) =>
      members.some((each) => each.name === 'n4' && each.address === address && isWorkedWith(each)),
    );
  }
}

/** Waits until the node serves, and is linked with and alive for all others. */
async function untilTaken(index: number): Promise<void> {
  const name = `n${index}`;
  await cluster.untilState(index, 'SERVING');
  for (const other of INDEXES.filter((each) => each !== index)) {
    await cluster.untilStatus(other, `working with ${name}`, ({ members }) =>
      members.some((each) => each.name === name && isWorkedWith(each)),
    );
  }
}

function isWorkedWith({ link, state }: MemberStatus): boolean {
  return link === 'connected' && state === 'ALIVE';
}

describe('beside clients at work', { timeout: 120_000 }, () => {
  it('a rolling restart of all nodes fails no request', async () => {
    const load = new Load(client);
    {
      await using _ = load;
      for (const index of INDEXES) {
        expect(await cluster.stop(index)).toBe(0);
        await cluster.startNode(index);
        await untilTaken(index);
      }
      const doneBefore = load.done;
      const goesOn = () => load.done > doneBefore + 2 * KEYS.length;
      await waitUntil(goesOn, { deadlineMs: FOUND_WITHIN_MS, what: 'the load to go on' });
    }
    const slowest = `the slowest took ${Math.round(load.slowestMs)} ms`;
    console.log(`rolling restart: ${load.done} requests, ${slowest}`);
    expect(load.failures).toEqual([]);
  });

  it('a node that comes back at another port is found by members and clients', async () => {
    const load = new Load(client);
    {
      await using _ = load;
      const before = cluster.address(3);
      await cluster.stop(3);
      await cluster.startNode(3, '127.0.0.1:0');
      const after = cluster.address(3);
      expect(after).not.toBe(before);
      await cluster.untilServing();
      for (const index of INDEXES) {
        const { members } = await cluster.status(index);
        expect(members.find(({ name }) => name === 'n3')?.address).toBe(after);
      }
      // The client that was there, and one that knows another node only, both ask it themselves.
      await using late = await connect({ nodes: [cluster.address(1)], timeoutMs: TIMEOUT_MS });
      for (const asking of [client, late]) {
        const asksIt = () => Promise.all(KEYS.map((key) => asking.get(key, { explain: true })));
        await waitUntil(
          async () => (await asksIt()).some(({ trace }) => trace?.coordinator === 'n3'),
          { deadlineMs: FOUND_WITHIN_MS, what: 'a client to ask n3 at its new address' },
        );
      }
    }
    expect(load.failures).toEqual([]);
    // Its copies count: without them there would be no ALL.
    const read = await Promise.all(KEYS.map((key) => client.get(key, { consistency: 'all' })));
    expect(read.every(({ siblings }) => siblings.length === 1)).toBe(true);
  });

  it('a fresh node is found and is no member, and no more once it is of another cluster', async () => {
    const place = ['--data', join(cluster.folder, 'stranger'), '--zone', 'elsewhere'];
    const seed = ['--listen', '127.0.0.1:0', '--seed', cluster.address(0)];
    const env = { COTERIE_LOG_LEVEL: 'info' };
    const stranger = await serve(['start', '--id', 'stranger', ...place, ...seed], env);
    try {
      const address = stranger.ready.split(' ')[1] ?? '';
      const found = await waitUntil(() => knownAs('stranger'), {
        deadlineMs: FOUND_WITHIN_MS,
        what: 'the stranger to be found',
      });
      expect(found).toMatchObject({ address, inLayout: false });
      const put = await coterie(['put', 'k', 'v', '--node', address, '--json']);
      expect(put.error()).toMatchObject({ code: 'NOT_INITIALISED', applied: 'no' });

      const own = ['--node', address, '--replicas', '1'];
      expect((await coterie(['cluster', 'init', ...own])).code).toBe(0);
      await waitUntil(() => /member-of-another-cluster/.test(stranger.log()), {
        deadlineMs: FOUND_WITHIN_MS,
        what: () => `the stranger to be told why it is refused; its log is ${stranger.log()}`,
      });
      const { members } = await administer(address, (admin) => admin.status({}));
      expect(members.filter(({ inLayout }) => inLayout).map(({ name }) => name)).toEqual([
        'stranger',
      ]);
      for (const index of INDEXES) {
        const status = await cluster.status(index);
        const layout = status.members.filter(({ inLayout }) => inLayout);
        expect(layout.map(({ name }) => name)).toEqual(INDEXES.map((each) => `n${each}`));
      }
    } finally {
      expect(await stranger.stop('SIGTERM')).toBe(0);
    }
  });

  it('a copy of a folder that is started beside its original ends, and the original serves on', async () => {
    const copy = join(cluster.folder, 'copy');
    await cluster.stop(4);
    await cp(cluster.folderOf(4), copy, { recursive: true });
    await cluster.startNode(4);
    await untilTaken(4);
    const place = ['--id', 'n4', '--data', copy, '--zone', 'z4'];
    const net = ['--listen', '127.0.0.1:0', '--seed', cluster.address(0)];
    const ended = await coterie(['start', ...place, ...net]);
    expect(ended.code).toBe(4);
    expect(ended.stderr).toMatch(/^CONFLICT: Another live node has the data folder of this one/m);
    await cluster.untilServing();
    await untilOriginalIsKnown();
    const read = await Promise.all(KEYS.map((key) => client.get(key, { consistency: 'all' })));
    expect(read.every(({ siblings }) => siblings.length === 1)).toBe(true);
  });
});
