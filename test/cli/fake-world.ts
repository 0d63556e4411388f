import picocolors from 'picocolors';
import type {
  AdminConnection,
  BenchPorts,
  CliPorts,
  ClusterOptions,
  ConnectOptions,
  Simulator,
} from '../../src/cli/ports.ts';
import { runCli } from '../../src/cli/program.ts';
import type {
  Client,
  DeleteResult,
  GetOptions,
  GetResult,
  PutResult,
  WriteOptions,
} from '../../src/client/types.ts';
import type { ProcessEnvironment } from '../../src/config/load.ts';
import type { NodeConfig } from '../../src/config/schema.ts';
import { CoterieError } from '../../src/core/errors.ts';
import type { Ring } from '../../src/core/ring/ring.ts';
import type { StatusReply } from '../../src/wire/generated/coterie/v1/admin.ts';
import { ManualClock } from '../client/manual-clock.ts';
import { statusReply } from './fake-node.ts';

export interface Call {
  readonly verb: string;
  readonly key: string;
  readonly value?: string | Uint8Array;
  readonly options: GetOptions & WriteOptions;
}

/** A world outside of the command line that answers as told and notes what it was asked. */
export class FakeWorld {
  readonly calls: Call[] = [];
  readonly connects: ConnectOptions[] = [];
  readonly configs: NodeConfig[] = [];
  readonly clusters: ClusterOptions[] = [];
  opened = 0;
  closed = 0;
  stopped = 0;
  get: Partial<GetResult> | CoterieError = {};
  put: Partial<PutResult> | CoterieError = {};
  delete: Partial<DeleteResult> | CoterieError = {};
  admins = new Map<string, Partial<AdminConnection>>();
  failed: Promise<unknown> = new Promise(() => undefined);
  signal: Promise<string> = Promise.resolve('SIGTERM');
  stdinEnd: Promise<void> = Promise.resolve();
  /** How often a command said that nothing may hold the process up any more. */
  endings = 0;
  onStop = (): void => {};
  startError: Error | undefined;
  simulator: Simulator | undefined;
  readonly clock = new ManualClock();
  /** What was written so far, each time at once. */
  readonly writes: string[] = [];
  stderr = '';
  isTerminal = false;
  isErrorTerminal = false;
  columns: number | undefined;
  bench: BenchPorts | undefined;
  /** Of the cluster that clients connect to. */
  ring: Ring | undefined;
  input = '';
  environment: ProcessEnvironment = {};
  /** What a started node says of itself. */
  status: StatusReply = statusReply();
  readonly #admin = { status: async () => this.status };

  async run(...argv: string[]): Promise<Outcome> {
    const out: Uint8Array[] = [];
    this.stderr = '';
    const colors = picocolors.createColors(false);
    const input = this.input;
    const exitCode = await runCli(argv, {
      terminal: {
        isTerminal: this.isTerminal,
        isErrorTerminal: this.isErrorTerminal,
        columns: this.columns,
        colors,
        errorColors: colors,
        input: (async function* () {
          yield Buffer.from(input);
        })(),
        write: async (content) => {
          out.push(Buffer.from(content as string));
          this.writes.push(Buffer.from(content as string).toString());
        },
        writeError: async (text) => {
          this.stderr += text;
        },
      },
      clock: this.clock,
      environment: this.environment,
      ports: this.#ports(),
      command: 'coterie',
      version: '9.9.9',
    });
    const bytes = Buffer.concat(out);
    return { exitCode, stdout: bytes.toString(), bytes, stderr: this.stderr };
  }

  #ports(): CliPorts {
    return {
      connect: async (options) => {
        this.connects.push(options);
        this.opened += 1;
        return this.#client();
      },
      connectAdmin: async (address) => {
        const admin = this.admins.get(address);
        const missing = async (): Promise<never> => {
          throw new CoterieError('UNREACHABLE', `${address} refused the connection`);
        };
        this.opened += 1;
        return {
          status: missing,
          layout: missing,
          reserve: missing,
          adopt: missing,
          repairStatus: missing,
          repair: missing,
          legs: missing,
          ...admin,
          close: () => {
            this.closed += 1;
          },
        };
      },
      startNode: async (config) => {
        if (this.startError !== undefined) throw this.startError;
        this.configs.push(config);
        const { failed } = this;
        const stop = this.#stop;
        return { address: '127.0.0.1:7400', failed, admin: this.#admin, stop };
      },
      startCluster: async (options) => {
        if (this.startError !== undefined) throw this.startError;
        this.clusters.push(options);
        const addresses = Array.from(
          { length: options.nodes },
          (_, i) => `127.0.0.1:${options.port + i}`,
        );
        const nodes = addresses.map((address) => ({
          address,
          failed: this.failed,
          admin: this.#admin,
          stop: this.#stop,
        }));
        return { addresses, nodes, stop: this.#stop };
      },
      bench: async () => {
        if (this.bench === undefined) throw new Error('no benchmark in this test');
        return this.bench;
      },
      simulator: async () => {
        if (this.simulator === undefined) throw new Error('no simulator in this test');
        return this.simulator;
      },
      stopSignal: () => this.signal,
      stdinEnd: () => this.stdinEnd,
      endThoughStuck: () => {
        this.endings += 1;
      },
    };
  }

  #stop = async (): Promise<void> => {
    this.onStop();
    this.stopped += 1;
  };

  #client(): Client {
    const note = (
      verb: string,
      key: string | Uint8Array,
      options: object,
      value?: unknown,
    ): void => {
      this.calls.push({
        verb,
        key: String(key),
        options,
        ...(value === undefined ? {} : { value: value as string }),
      });
    };
    const close = async (): Promise<void> => {
      this.closed += 1;
    };
    return {
      get: async (key, options = {}) => {
        note('get', key, options);
        return { ...getResult(), ...orThrow(this.get) };
      },
      put: async (key, value, options = {}) => {
        note('put', key, options, value);
        return { ...putResult(), ...orThrow(this.put) };
      },
      delete: async (key, options = {}) => {
        note('delete', key, options);
        return { ...putResult(), found: true, siblings: 0, ...orThrow(this.delete) };
      },
      layout: async () => {
        if (this.ring === undefined) throw new Error('not asked for');
        return this.ring;
      },
      ready: async () => undefined,
      close,
      [Symbol.asyncDispose]: close,
    };
  }
}

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly bytes: Uint8Array;
  readonly stderr: string;
}

export function sibling(value: string | Uint8Array, seq = 3) {
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  return { value: bytes, dot: `0.1.${seq}`, writtenAtMs: Date.UTC(2025, 5, 1) };
}

export function getResult(): GetResult {
  return {
    found: true,
    siblings: [sibling('v')],
    context: 'Q1RY',
    level: 'quorum',
    replies: { required: 2, received: 2, nodes: ['a', 'b'] },
    elapsedMs: 1.5,
    coordinatorMs: 1,
    text: () => 'v',
  };
}

export function putResult(): PutResult {
  return {
    context: 'Q1RY',
    siblings: 1,
    level: 'quorum',
    acks: { required: 2, received: 2, nodes: ['a', 'b'] },
    durable: 2,
    dot: '0.1.3',
    requestId: '00112233445566778899aabbccddeeff',
    elapsedMs: 2.25,
    coordinatorMs: 2,
  };
}

function orThrow<T>(answer: T | CoterieError): T {
  if (answer instanceof CoterieError) throw answer;
  return answer;
}
