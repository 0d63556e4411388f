/** Real processes that are told one address find each other, and become one cluster by way of any
 *  of them. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  assertNothingLeft,
  coterie,
  freePorts,
  type ServedProcess,
  serve,
  type TemporaryFolder,
  temporaryFolder,
} from '../support/processes.ts';

interface StatusJson {
  readonly cluster: string;
  readonly nodes: readonly { readonly id: string; readonly state: string }[];
}

const NAMES = ['a', 'b', 'c'];

let folder: TemporaryFolder;
let addresses: string[];
const running: ServedProcess[] = [];

beforeAll(async () => {
  folder = await temporaryFolder();
  const port = await freePorts(NAMES.length);
  addresses = NAMES.map((_, index) => `127.0.0.1:${port + index}`);
});

afterAll(async () => {
  await Promise.all(running.map((node) => node.stop('SIGKILL')));
  await folder?.[Symbol.asyncDispose]();
  assertNothingLeft();
});

function start(index: number): Promise<ServedProcess> {
  const name = NAMES[index] ?? '';
  const place = ['--id', name, '--data', join(folder.path, name), '--zone', `z-${name}`];
  // All have the same seed; for one of them it is itself.
  const net = ['--listen', addresses[index] ?? '', '--seed', addresses[0] ?? ''];
  return serve(['start', ...place, ...net]);
}

it('an init waits for those that are expected, and refuses to go without them', async () => {
  for (const index of [0, 1]) running.push(await start(index));
  const asked = ['--node', addresses[1] ?? ''];
  const early = await coterie(['cluster', 'init', ...asked, '--expect', '3', '--timeout', '500']);
  expect(early.code).toBe(3);
  expect(early.stderr).toContain(`--seed ${addresses[1]}`);

  const waiting = coterie(['cluster', 'init', ...asked, '--expect', '3']);
  running.push(await start(2));
  const made = await waiting;
  expect(made).toMatchObject({ code: 0, stderr: '' });
  expect(made.stdout).toMatch(/has found 3 nodes: a at \S+, b at \S+, c at \S+\nInitialised /);
});

it('every node shows all of them, and a repeated init at another changes nothing', async () => {
  const again = await coterie(['cluster', 'init', '--node', addresses[2] ?? '']);
  expect(again.stdout).toContain('Already initialised, nothing changed');
  const clusters = new Set<string>();
  for (const address of addresses) {
    const status = await coterie(['status', '--node', address, '--json']);
    const { cluster, nodes } = status.json<StatusJson>();
    clusters.add(cluster);
    expect(nodes.map(({ id, state }) => [id, state])).toEqual(NAMES.map((id) => [id, 'ALIVE']));
  }
  expect(clusters.size).toBe(1);
});

it('status --watch goes on until it is told to stop, and ends well', async () => {
  const asked = ['--node', addresses[0] ?? '', '--json'];
  const watch = await serve(['status', '--watch', '200ms', ...asked], {}, /^\{.*\}$/m);
  expect(JSON.parse(watch.ready)).toMatchObject({ node: { name: 'a' } });
  expect(await watch.stop('SIGINT')).toBe(0);
});
