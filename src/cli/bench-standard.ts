/** `npm run bench`: the standard set, several times over and in turn, then a matrix of settings
 *  twice, compared with itself. Leaves every report, and results.md for docs/performance.md.
 *  Takes about a quarter of an hour; nothing else may run on the machine meanwhile. */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import type { RunReport } from '../bench/run-report.ts';
import { STANDARD_SET, standardTable } from '../bench/standard-set.ts';

const BIN = fileURLToPath(new URL('../../bin/coterie', import.meta.url));
const OUTPUT_BYTES_MAX = 64 * 1_024 * 1_024;
/** Of `bench compare`: something differs, which is a finding here and no failure. */
const EXIT_DIFFERS = 1;

const run = promisify(execFile);

/** Its output. One that fails and has said something is kept, and told: errors are figures too. */
async function coterie(args: readonly string[]): Promise<string> {
  process.stderr.write(`coterie ${args.join(' ')}\n`);
  try {
    const all = [BIN, ...args];
    return (await run(process.execPath, all, { maxBuffer: OUTPUT_BYTES_MAX })).stdout;
  } catch (error) {
    const { code, stdout, stderr } = error as Partial<
      Record<'code' | 'stdout' | 'stderr', unknown>
    >;
    if (typeof stdout !== 'string' || stdout === '') throw error;
    const isFinding = args.includes('compare') && code === EXIT_DIFFERS;
    if (!isFinding) {
      process.stderr.write(`It exited with ${String(code)}. ${String(stderr)}\n`);
      process.exitCode = 1;
    }
    return stdout;
  }
}

function headOf({ machine, versions, startedAt }: RunReport): string {
  const { cores, processor, memoryBytes, platform, loadAverage } = machine;
  const gibibytes = (memoryBytes / 1_024 ** 3).toFixed(1);
  return (
    `Begun ${startedAt}: Coterie ${versions.coterie}, Node.js ${versions.node}; ${cores} cores ` +
    `(${processor}), ${gibibytes} GiB, ${platform}; load average ${loadAverage.toFixed(2)} when ` +
    'it began. Three node processes with RocksDB and the client on this one machine; quorum, ' +
    'fsync, 64 in flight, 10,000 keys and values of 100 bytes where the row says nothing else. ' +
    'Median (lowest to highest) of the repetitions.\n\n'
  );
}

async function runSet(folder: string, repetitions: number, seconds: string): Promise<string> {
  const results = new Map<string, RunReport[]>();
  for (let repetition = 1; repetition <= repetitions; repetition += 1) {
    for (const { name, flags } of STANDARD_SET) {
      const output = await coterie(['bench', 'run', ...flags, '--seconds', seconds, '--json']);
      await writeFile(join(folder, `run-${name}-${repetition}.json`), output);
      results.set(name, [...(results.get(name) ?? []), JSON.parse(output)]);
    }
  }
  const [first] = [...results.values()].flat();
  return (first === undefined ? '' : headOf(first)) + standardTable(results);
}

/** What the two runs of the matrix say of each other. */
async function runMatrices(folder: string, rounds: string): Promise<string> {
  const files = ['quorum-1', 'quorum-2'].map((name) => join(folder, name));
  for (const file of files) {
    await writeFile(
      `${file}.json`,
      await coterie(['bench', 'quorum', '--rounds', rounds, '--json']),
    );
    await coterie(['bench', 'report', `${file}.json`, '--out', `${file}.html`]);
  }
  const table = await coterie(['bench', 'report', `${files[0]}.json`]);
  return `${table}\n${await coterie(['bench', 'compare', ...files.map((file) => `${file}.json`)])}`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: 'bench-results' },
      repetitions: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '10' },
      /** Of the matrix. */
      rounds: { type: 'string', default: '6' },
    },
  });
  const folder = values.out;
  await mkdir(folder, { recursive: true });
  const table = await runSet(folder, Number(values.repetitions), values.seconds);
  await writeFile(join(folder, 'results.md'), table);
  process.stdout.write(table);
  const matrices = await runMatrices(folder, values.rounds);
  await writeFile(join(folder, 'quorum.txt'), matrices);
  process.stdout.write(`\n${matrices}`);
}

await main();
