/** A cluster of `coterie start` processes on this machine, each with its folder and, once started,
 *  its port until it is told another. */
import { join } from 'node:path';
import { createAdminClient } from '../../src/platform/grpc/unary-client.ts';
import type { StatusReply } from '../../src/wire/generated/coterie/v1/admin.ts';
import type { AdminService } from '../../src/wire/services.ts';
import {
  type CommandResult,
  coterie,
  type ServedProcess,
  serve,
  type TemporaryFolder,
  temporaryFolder,
} from './processes.ts';
import { waitUntil } from './wait-until.ts';

const ADMIN_TIMEOUT_MS = 5_000;
const STATUS_DEADLINE_MS = 20_000;

/** One administrative call, without the half second that a command line takes. */
export async function administer<Answer>(
  address: string,
  ask: (admin: AdminService) => Promise<Answer>,
): Promise<Answer> {
  const admin = createAdminClient(address, { timeoutMs: ADMIN_TIMEOUT_MS });
  try {
    return await ask(admin);
  } finally {
    admin.close();
  }
}

export interface ClusterOptions {
  /** Default true: they become one cluster. */
  readonly init?: boolean;
  /** Default false: every node but the first is started with the first as its only seed. */
  readonly seeded?: boolean;
  /** Of every `coterie start`. */
  readonly env?: Readonly<Record<string, string>>;
}

export class ProcessCluster implements AsyncDisposable {
  readonly #folder: TemporaryFolder;
  readonly #env: Readonly<Record<string, string>>;
  readonly #isSeeded: boolean;
  readonly #running = new Map<number, ServedProcess>();
  readonly #addresses: string[] = [];

  private constructor(folder: TemporaryFolder, { env = {}, seeded = false }: ClusterOptions) {
    this.#folder = folder;
    this.#env = env;
    this.#isSeeded = seeded;
  }

  /** Starts `count` nodes (n0, n1, ...) in zones of their own and makes them one cluster. */
  static async start(count: number, options: ClusterOptions = {}): Promise<ProcessCluster> {
    const cluster = new ProcessCluster(await temporaryFolder(), options);
    try {
      const indexes = Array.from({ length: count }, (_, index) => index);
      // The others can be told of the first only once it has its port.
      if (cluster.#isSeeded) await cluster.#startNodes(indexes.splice(0, 1));
      await cluster.#startNodes(indexes);
      if (options.init !== false) {
        const result = await cluster.init();
        if (result.code !== 0) throw new Error(`cluster init: ${result.stderr}`);
        await cluster.untilServing();
      }
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
    return cluster;
  }

  get addresses(): readonly string[] {
    return this.#addresses;
  }

  address(index: number): string {
    return this.#addresses[index] ?? '';
  }

  /** Of all nodes. */
  get folder(): string {
    return this.#folder.path;
  }

  folderOf(index: number): string {
    return join(this.folder, `n${index}`);
  }

  /** `--node` flags for the nodes of these indexes; for all when none are given. */
  nodes(...indexes: number[]): string[] {
    const chosen = indexes.length === 0 ? [...this.#addresses.keys()] : indexes;
    return chosen.flatMap((index) => ['--node', this.address(index)]);
  }

  /** At the port that it had before, unless another is named. */
  async startNode(index: number, listen = this.#addresses[index] ?? '127.0.0.1:0'): Promise<void> {
    const served = await serve(this.startArguments(index, listen), this.#env);
    this.#running.set(index, served);
    this.#addresses[index] = served.ready.split(' ')[1] ?? '';
  }

  /** Starts the node, and again whenever it has ended, as the supervisor does under which nodes
   *  run. Disposed it goes on as it is. */
  supervise(index: number): Supervision {
    return new Supervision(async () => {
      await this.startNode(index);
      return this.process(index);
    });
  }

  startArguments(index: number, listen: string): string[] {
    const place = ['--data', this.folderOf(index), '--zone', `z${index}`];
    const seeds = this.#isSeeded && index > 0 ? ['--seed', this.address(0)] : [];
    return ['start', '--id', `n${index}`, '--listen', listen, ...place, ...seeds];
  }

  /** Of a node that runs. */
  process(index: number): ServedProcess {
    const served = this.#running.get(index);
    if (served === undefined) throw new Error(`n${index} does not run`);
    return served;
  }

  init(...more: string[]): Promise<CommandResult> {
    return coterie(['cluster', 'init', ...this.nodes(), ...more]);
  }

  status(index: number): Promise<StatusReply> {
    return administer(this.address(index), (admin) => admin.status({}));
  }

  /** Waits until the node says so. */
  async untilStatus(
    index: number,
    what: string,
    isReached: (status: StatusReply) => boolean,
  ): Promise<StatusReply> {
    let last: StatusReply | undefined;
    return administer(this.address(index), (admin) =>
      waitUntil(
        async () => {
          last = await admin.status({});
          return isReached(last) && last;
        },
        {
          deadlineMs: STATUS_DEADLINE_MS,
          what: () => `n${index} to be ${what}; it says ${last?.state} (${last?.reason})`,
        },
      ),
    );
  }

  untilState(index: number, state: string): Promise<StatusReply> {
    return this.untilStatus(index, state, (status) => status.state === state);
  }

  /** Waits until every running node serves and has its links to all others that run. */
  async untilServing(): Promise<void> {
    const names = [...this.#running.keys()].map((index) => `n${index}`);
    const isDone = ({ state, members }: StatusReply): boolean =>
      state === 'SERVING' &&
      members.every(
        ({ name, link }) => link === 'self' || link === 'connected' || !names.includes(name),
      );
    for (const index of this.#running.keys()) {
      await this.untilStatus(index, 'serving and linked', isDone);
    }
  }

  /** kill -9, and waits until the process is gone. */
  async kill(...indexes: number[]): Promise<void> {
    await Promise.all(indexes.map((index) => this.stop(index, 'SIGKILL')));
  }

  /** Exit code of the process. */
  async stop(index: number, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const served = this.process(index);
    this.#running.delete(index);
    return served.stop(signal);
  }

  async #startNodes(indexes: readonly number[]): Promise<void> {
    const starts = indexes.map((index) => this.startNode(index));
    for (const start of await Promise.allSettled(starts)) {
      if (start.status === 'rejected') throw start.reason;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill(...this.#running.keys());
    await this.#folder[Symbol.asyncDispose]();
  }
}

const ENDS_MAX = 10;

export class Supervision implements AsyncDisposable {
  readonly #start: () => Promise<ServedProcess>;
  readonly #lives: ServedProcess[] = [];
  /** What was said by those that ended before they served. */
  readonly #stillborn: string[] = [];
  #starting: Promise<unknown> = Promise.resolve();
  #ends = 0;
  #isOver = false;

  constructor(start: () => Promise<ServedProcess>) {
    this.#start = start;
    this.#next();
  }

  /** How often it ended by itself. */
  get ends(): number {
    return this.#ends;
  }

  /** Of all its lives. */
  log(): string {
    return [...this.#stillborn, ...this.#lives.map((life) => life.log())].join('');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#starting;
  }

  #next(): void {
    // One that never stays up is not started for ever: the test fails by its own deadline.
    if (this.#isOver || this.#ends >= ENDS_MAX) return;
    this.#starting = this.#start().then(
      (served) => {
        this.#lives.push(served);
        void served.exited.then(() => this.#ended());
      },
      (error: unknown) => {
        this.#stillborn.push(String(error));
        this.#ended();
      },
    );
  }

  #ended(): void {
    if (this.#isOver) return;
    this.#ends += 1;
    this.#next();
  }
}
