/** What a client process does when it is told to. One command at a time.
 *  Not here: the process and its channel (cli/bench-worker.ts). */
import type { Client } from '../client/types.ts';
import { assert } from '../core/errors.ts';
import type { Clock } from '../env/clock.ts';
import { type LoadProgress, LoadRun } from './load-run.ts';
import { QuorumCell, type Timeline } from './quorum/quorum-cell.ts';
import type {
  CommandOf,
  ConnectCommand,
  EncodedLoadResult,
  MeasuredSlice,
  WorkerAnswers,
  WorkerCommand,
} from './worker-protocol.ts';

export interface WorkerPorts {
  readonly clock: Clock;
  /** Processor seconds of this process so far. */
  readonly processorSeconds: () => number;
  connect(options: Omit<ConnectCommand, 'do'>): Promise<Client>;
}

export class BenchWorker {
  readonly #ports: WorkerPorts;
  #connection: Omit<ConnectCommand, 'do'> | undefined;
  #client: Client | undefined;
  /** For reads that must not be routed by what else is in flight. */
  #reader: Client | undefined;
  #run: LoadRun | undefined;
  readonly #cells = new Map<string, QuorumCell>();
  #isStopped = false;

  constructor(ports: WorkerPorts) {
    this.#ports = ports;
  }

  async perform(command: WorkerCommand): Promise<WorkerAnswers[WorkerCommand['do']]> {
    switch (command.do) {
      case 'connect': {
        const { do: _, ...options } = command;
        this.#connection = options;
        this.#client = await this.#ports.connect(options);
        return null;
      }
      case 'load': {
        this.#run = new LoadRun(this.#theClient(), this.#ports.clock, command.options);
        if (this.#isStopped) this.#run.stop();
        if (command.isLoading) await this.#run.load();
        return null;
      }
      case 'warm-up':
        await this.#theRun().warmUp();
        return null;
      case 'measure':
        return this.#measure();
      case 'cell': {
        const client = this.#theClient();
        const reader = await this.#theReader();
        const cell = new QuorumCell(client, reader, this.#ports.clock, command.options);
        this.#cells.set(command.name, cell);
        if (this.#isStopped) cell.stop();
        await cell.load();
        return null;
      }
      case 'slice':
        return this.#slice(command.name);
      case 'timelines':
        return this.#timelines(command);
    }
  }

  progress(): LoadProgress | undefined {
    return this.#run?.progress();
  }

  /** The command at work ends soon, with what it has so far, and so does every later one. */
  stop(): void {
    this.#isStopped = true;
    this.#run?.stop();
    for (const cell of this.#cells.values()) cell.stop();
  }

  async close(): Promise<void> {
    await Promise.all([this.#client?.close(), this.#reader?.close()]);
  }

  async #measure(): Promise<EncodedLoadResult> {
    const before = this.#ports.processorSeconds();
    const { elapsedSeconds, slices, unstarted } = await this.#theRun().measure();
    const processorSeconds = this.#ports.processorSeconds() - before;
    const encoded = slices.map(({ seconds, outcomes }) => ({
      seconds,
      outcomes: outcomes.encode(),
    }));
    return { elapsedSeconds, slices: encoded, unstarted, processorSeconds };
  }

  async #slice(name: string): Promise<MeasuredSlice> {
    const before = this.#ports.processorSeconds();
    const slice = await this.#theCell(name).slice();
    return { ...slice, processorSeconds: this.#ports.processorSeconds() - before };
  }

  /** All at the same time: one fault is the same for all. */
  async #timelines({ names, ...options }: CommandOf<'timelines'>): Promise<Timeline[]> {
    return Promise.all(names.map((name) => this.#theCell(name).timeline(options)));
  }

  #theClient(): Client {
    assert(this.#client !== undefined, 'a client process is told to work before to connect');
    return this.#client;
  }

  async #theReader(): Promise<Client> {
    const connection = this.#connection;
    assert(connection !== undefined, 'a client process is told to work before to connect');
    this.#reader ??= await this.#ports.connect(connection);
    return this.#reader;
  }

  #theCell(name: string): QuorumCell {
    const cell = this.#cells.get(name);
    assert(cell !== undefined, `there is no cell ${name}`);
    return cell;
  }

  #theRun(): LoadRun {
    assert(this.#run !== undefined, 'a client process is told to run before to load');
    return this.#run;
  }
}
