/** What a client process does when it is told to. One command at a time.
 *  Not here: the process and its channel (cli/bench-worker.ts). */
import type { Client } from '../client/types.ts';
import { assert } from '../core/errors.ts';
import type { Clock } from '../env/clock.ts';
import { type LoadProgress, LoadRun } from './load-run.ts';
import type {
  ConnectCommand,
  EncodedLoadResult,
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
  #client: Client | undefined;
  #run: LoadRun | undefined;
  #isStopped = false;

  constructor(ports: WorkerPorts) {
    this.#ports = ports;
  }

  async perform(command: WorkerCommand): Promise<WorkerAnswers[WorkerCommand['do']]> {
    switch (command.do) {
      case 'connect': {
        const { do: _, ...options } = command;
        this.#client = await this.#ports.connect(options);
        return null;
      }
      case 'load': {
        assert(this.#client !== undefined, 'a client process is told to load before to connect');
        this.#run = new LoadRun(this.#client, this.#ports.clock, command.options);
        if (this.#isStopped) this.#run.stop();
        if (command.isLoading) await this.#run.load();
        return null;
      }
      case 'warm-up':
        await this.#theRun().warmUp();
        return null;
      case 'measure':
        return this.#measure();
    }
  }

  progress(): LoadProgress | undefined {
    return this.#run?.progress();
  }

  /** The command at work ends soon, with what it has so far, and so does every later one. */
  stop(): void {
    this.#isStopped = true;
    this.#run?.stop();
  }

  async close(): Promise<void> {
    await this.#client?.close();
  }

  async #measure(): Promise<EncodedLoadResult> {
    const before = this.#ports.processorSeconds();
    const { elapsedSeconds, outcomes, unstarted } = await this.#theRun().measure();
    const processorSeconds = this.#ports.processorSeconds() - before;
    return { elapsedSeconds, outcomes: outcomes.encode(), unstarted, processorSeconds };
  }

  #theRun(): LoadRun {
    assert(this.#run !== undefined, 'a client process is told to run before to load');
    return this.#run;
  }
}
