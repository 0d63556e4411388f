/** RocksDB can make no table files any more, and lets a batch wait for ever: its node stops, though
 *  the engine's threads hold the process up, and the others go on. Once the disk is mended it comes
 *  back with all that it had. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type Client, connect } from '../../src/index.ts';
import { ProcessCluster } from '../support/process-cluster.ts';
import { assertNothingLeft } from '../support/processes.ts';
import { ROUND_KEYS, roundOf, writeRound } from '../support/rounds.ts';
import { waitUntil } from '../support/wait-until.ts';

const VICTIM = 2;
/** Names of files that RocksDB will want to make. */
const NAMES_TAKEN = 500;
const ENV = {
  COTERIE_LOG_LEVEL: 'info',
  COTERIE_STORAGE_WRITE_BUFFER_BYTES: String(1 << 20),
  COTERIE_STORAGE_BATCH_TIMEOUT_MS: '2000',
};

let cluster: ProcessCluster | undefined;
let client: Client | undefined;

afterEach(async () => {
  await client?.close();
  await cluster?.[Symbol.asyncDispose]();
  assertNothingLeft();
}, 60_000);

/** A folder stands where the next table files are to be; returns what takes them away. */
async function spoil(folder: string): Promise<() => Promise<void>> {
  const names = await readdir(folder);
  const last = Math.max(...names.map((name) => Number.parseInt(name, 10) || 0));
  const taken = Array.from({ length: NAMES_TAKEN }, (_, index) =>
    join(folder, `${String(last + 1 + index).padStart(6, '0')}.sst`),
  );
  // Names that are in use by now are left alone.
  const made = await Promise.all(
    taken.map((path) =>
      mkdir(path).then(
        () => path,
        () => undefined,
      ),
    ),
  );
  return async () => {
    for (const path of made) if (path !== undefined) await rm(path, { recursive: true });
  };
}

test('an engine that does not come back from a batch ends its node, and nothing is lost', async () => {
  const started = await ProcessCluster.start(3, { env: ENV });
  cluster = started;
  const writer = await connect({ nodes: started.addresses });
  client = writer;
  expect(await writeRound(writer, 1)).toHaveLength(ROUND_KEYS.length);
  const victim = started.process(VICTIM);
  const mend = await spoil(started.folderOf(VICTIM));
  let code: number | null | undefined;
  void victim.exited.then((result) => {
    code = result;
  });
  const acknowledged = new Map<string, number>();
  let round = 1;
  const write = async (): Promise<boolean> => {
    round += 1;
    for (const key of await writeRound(writer, round)) acknowledged.set(key, round);
    return code !== undefined;
  };
  await waitUntil(write, {
    deadlineMs: 60_000,
    what: () => `n2 to end, in ${round} rounds; ${victim.log().slice(-3_000)}`,
  });
  expect(victim.log()).toMatch(
    /"reason":"A batch of \d+ records .*under way for more than 2000 ms/,
  );
  expect(victim.log()).toContain('STORAGE_IO');
  // By SIGKILL, where the engine's threads hold the process up.
  expect([5, null]).toContain(code);
  expect(await writeRound(writer, round + 1)).toHaveLength(ROUND_KEYS.length);

  await mend();
  await started.kill(VICTIM);
  await started.startNode(VICTIM);
  await started.untilServing();
  await started.kill(0);
  for (const key of ROUND_KEYS) {
    expect(await roundOf(writer, key)).toBeGreaterThanOrEqual(acknowledged.get(key) ?? 1);
  }
}, 150_000);
