/** One `coterie start` in a process of its own, for benchmarks. It ends with the process that
 *  started it, however that ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { ProcessEnvironment } from '../config/load.ts';
import { CoterieError } from '../core/errors.ts';
import type { Clock } from '../env/clock.ts';

const BIN = fileURLToPath(new URL('../../bin/coterie', import.meta.url));
const START_WAIT_MS = 30_000;
const STOP_WAIT_MS = 15_000;
/** Of its standard error, the end; shown when it ends by itself. */
const KEPT_CHARACTERS = 4_096;
/** The kernel counts processor time in hundredths of a second. */
const TICKS_PER_SECOND = 100;

export interface NodeProcessOptions {
  readonly name: string;
  /** Of `coterie start`. */
  readonly args: readonly string[];
  readonly environment: ProcessEnvironment;
  /** Of the interpreter. */
  readonly nodeFlags?: readonly string[];
}

export class NodeProcess {
  readonly name: string;
  /** Settles when it ends without having been told to. */
  readonly failed: Promise<CoterieError>;
  readonly #child: ChildProcess;
  readonly #clock: Clock;
  readonly #ended: Promise<void>;
  #address = '';
  #hasEnded = false;
  #isStopping = false;
  #said = '';

  /** Resolves when it listens. Errors: NOT_RUNNING with what it said. */
  static async start(clock: Clock, options: NodeProcessOptions): Promise<NodeProcess> {
    const node = new NodeProcess(clock, options);
    try {
      await node.#untilReady();
    } catch (error) {
      await node.stop();
      throw error;
    }
    return node;
  }

  private constructor(clock: Clock, options: NodeProcessOptions) {
    const { name, args, environment, nodeFlags = [] } = options;
    this.#clock = clock;
    this.name = name;
    const command = [BIN, 'start', '--until-stdin-closes', '--id', name];
    this.#child = spawn(process.execPath, [...nodeFlags, ...command, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: environment,
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString('utf8')).slice(-KEPT_CHARACTERS);
    });
    this.#ended = new Promise((resolve) => {
      const end = (): void => {
        this.#hasEnded = true;
        resolve();
      };
      this.#child.once('close', end).once('error', end);
    });
    this.failed = this.#ended.then(() =>
      this.#isStopping ? new Promise<never>(() => {}) : this.#failure('ended by itself'),
    );
  }

  get address(): string {
    return this.#address;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Settles when it is gone, at once and without order. */
  async kill(): Promise<void> {
    this.#isStopping = true;
    this.signal('SIGKILL');
    await this.#ended;
  }

  /** Settles when it is gone: in order if it can, killed if it takes too long. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.signal('SIGTERM');
    // One that was stopped by a signal hears the other when it goes on.
    this.signal('SIGCONT');
    const timer = this.#clock.setTimer(STOP_WAIT_MS, () => this.signal('SIGKILL'));
    await this.#ended;
    timer.cancel();
  }

  /** Processor seconds, user and system, so far; undefined where there is no /proc. */
  async processorSeconds(): Promise<number | undefined> {
    const stat = await readFile(`/proc/${this.pid}/stat`, 'utf8').catch(() => undefined);
    if (stat === undefined) return undefined;
    // The name, in brackets, may have spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }

  async #untilReady(): Promise<void> {
    let output = '';
    const ready = new Promise<void>((resolve) => {
      this.#child.stdout?.on('data', (chunk: Buffer) => {
        if (this.#address !== '') return;
        output += chunk.toString('utf8');
        this.#address = /^ready (\S+)$/m.exec(output)?.[1] ?? '';
        if (this.#address !== '') resolve();
      });
    });
    let isLate = false;
    const late = new Promise<void>((resolve) => {
      const timer = this.#clock.setTimer(START_WAIT_MS, () => {
        isLate = true;
        resolve();
      });
      void Promise.race([ready, this.#ended]).then(() => timer.cancel());
    });
    await Promise.race([ready, this.#ended, late]);
    if (this.#hasEnded) throw this.#failure('ended before it was ready');
    if (isLate) throw this.#failure(`was not ready after ${START_WAIT_MS} ms`);
  }

  #failure(what: string): CoterieError {
    const { exitCode, signalCode } = this.#child;
    const how = signalCode ?? exitCode;
    const said = this.#said.trim();
    return new CoterieError(
      'NOT_RUNNING',
      `The node ${this.name} ${what}${how === null ? '' : ` (${how})`}` +
        (said === '' ? '' : `: ${said}`),
    );
  }
}
