/** Real command lines and real processes, for integration tests. Everything started here is known
 *  here, so that a test file can assert that it left nothing behind. Needs the built package: `npm
 *  test` builds first. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { waitUntil } from './wait-until.ts';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BIN = join(ROOT, 'bin', 'coterie');
const START_DEADLINE_MS = 20_000;
const COMMAND_DEADLINE_MS = 30_000;

const running = new Set<ChildProcess>();
const folders = new Set<string>();

/** Throws when a process or a folder that this test file made is still there. */
export function assertNothingLeft(): void {
  const pids = [...running].map((child) => child.pid);
  const left = [...folders].filter((folder) => existsSync(folder));
  for (const child of running) child.kill('SIGKILL');
  if (pids.length + left.length === 0) return;
  throw new Error(`left behind: processes [${pids.join(', ')}], folders [${left.join(', ')}]`);
}

export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), 'coterie-test-'));
  folders.add(path);
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

/** The first of `count` ports in a row that were free a moment ago, for commands that take fixed
 *  ports only. */
export async function freePorts(count: number): Promise<number> {
  for (let tries = 0; tries < 20; tries += 1) {
    const [first] = await listenBriefly([0]);
    const others = Array.from({ length: count - 1 }, (_, index) => (first ?? 0) + index + 1);
    const taken = await listenBriefly(others).catch(() => undefined);
    if (first !== undefined && taken !== undefined) return first;
  }
  throw new Error(`found no ${count} free ports in a row`);
}

async function listenBriefly(ports: readonly number[]): Promise<number[]> {
  const servers = ports.map(() => createServer());
  try {
    return await Promise.all(
      servers.map(
        (server, index) =>
          new Promise<number>((resolve, reject) => {
            server.once('error', reject);
            server.listen(ports[index], '127.0.0.1', () => {
              const address = server.address();
              resolve(typeof address === 'object' && address !== null ? address.port : 0);
            });
          }),
      ),
    );
  } finally {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

export interface CommandResult {
  readonly code: number | null;
  readonly bytes: Buffer;
  readonly stdout: string;
  readonly stderr: string;
  /** `stdout` as JSON. */
  json<Shape = never>(): Shape;
  /** The error object on `stderr`, with `--json`. */
  error(): ErrorJson;
}

export interface ErrorJson {
  readonly code: string;
  readonly message: string;
  readonly applied: string;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;
}

interface CommandOptions {
  /** Standard input. */
  readonly input?: Uint8Array | string;
  readonly env?: Readonly<Record<string, string>>;
  /** 30 s when absent. */
  readonly deadlineMs?: number;
}

/** Runs one command line of the built package to its end. */
export function coterie(args: readonly string[], options: CommandOptions = {}) {
  return runNode([BIN, ...args], options);
}

/** Runs Node.js to its end; killed (`code` null) when it does not end by itself in time. */
export async function runNode(
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { deadlineMs = COMMAND_DEADLINE_MS } = options;
  const child = start(args, { env: environment(options.env), timeout: deadlineMs });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin?.on('error', () => {}); // A command that reads nothing closes its input.
  child.stdin?.end(options.input ?? '');
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  const bytes = Buffer.concat(out);
  const stdout = bytes.toString('utf8');
  const stderr = Buffer.concat(err).toString('utf8');
  return {
    code,
    bytes,
    stdout,
    stderr,
    json: () => JSON.parse(stdout),
    error: () => JSON.parse(stderr).error,
  };
}

export interface ServedProcess {
  readonly pid: number;
  /** The line that it was waited for. */
  readonly ready: string;
  /** Everything on standard output so far. */
  output(): string;
  /** Everything on standard error so far: its log, a line per entry. */
  log(): string;
  /** Settles when it has ended: the exit code, null when a signal was the end. */
  readonly exited: Promise<number | null>;
  /** Sends a signal that does not end it. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** What the end of this process would do, and waits for its end: the exit code. */
  abandon(): Promise<number | null>;
  /** Sends a signal and waits for the end: the exit code, null when the signal was the end. */
  stop(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts a long-running command and waits for a line of standard output: by default the one that
 *  begins with `ready`. Nodes end with this process, however that ends: a test run that is killed
 *  leaves none behind. */
export async function serve(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  line: RegExp = /^ready .*$/m,
): Promise<ServedProcess> {
  const endsAlone = args[0] === 'start' || args[0] === 'dev' ? ['--until-stdin-closes'] : [];
  const child = start([BIN, ...args, ...endsAlone], { env: environment(env) });
  let stdout = '';
  let stderr = '';
  let hasExited = false;
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString('utf8');
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
  });
  const exited = new Promise<number | null>((resolve) => {
    child.on('close', (code) => {
      hasExited = true;
      resolve(code);
    });
  });
  const ready = await waitUntil(
    () => {
      if (hasExited) throw new Error(`coterie ${args.join(' ')} ended: ${stderr}`);
      return line.exec(stdout)?.[0];
    },
    { deadlineMs: START_DEADLINE_MS, what: () => `coterie ${args.join(' ')}: ${stderr}` },
  );
  return {
    pid: child.pid ?? 0,
    ready,
    output: () => stdout,
    log: () => stderr,
    exited,
    signal: (signal) => {
      child.kill(signal);
    },
    abandon: () => {
      child.stdin?.end();
      return exited;
    },
    stop: (signal) => {
      child.kill(signal);
      return exited;
    },
  };
}

function start(args: readonly string[], options: SpawnOptions): ChildProcess {
  const child = spawn(process.execPath, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
  running.add(child);
  child.on('close', () => running.delete(child));
  return child;
}

function environment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('COTERIE_'));
  const rest = Object.fromEntries(inherited);
  return { ...rest, NO_COLOR: '1', COTERIE_LOG_LEVEL: 'error', ...extra };
}
