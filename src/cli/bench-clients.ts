/** The client processes of a benchmark, as the process sees them that started them. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LoadProgress } from '../bench/load-run.ts';
import type { BenchClients } from '../bench/run-benchmark.ts';
import type {
  CommandOf,
  FromWorker,
  ToWorker,
  WorkerAnswers,
  WorkerCommand,
} from '../bench/worker-protocol.ts';
import { CoterieError } from '../core/errors.ts';
import type { Clock } from '../env/clock.ts';

const SCRIPT = fileURLToPath(new URL('./bench-worker.js', import.meta.url));
const CLOSE_WAIT_MS = 5_000;

export interface ClientProcesses extends BenchClients {
  /** Asks each client how far it is; answers come through `onProgress`. */
  askProgress(): void;
  onProgress(listener: (client: number, progress: LoadProgress) => void): void;
  /** What is at work ends soon and answers what it has. */
  stop(): void;
  /** Idempotent; afterwards the processes are gone. */
  close(): Promise<void>;
}

/** Errors: NOT_RUNNING when one does not start. */
export async function startClients(clock: Clock, count: number): Promise<ClientProcesses> {
  const clients = Array.from({ length: count }, (_, index) => new ClientProcess(clock, index));
  const close = async (): Promise<void> => {
    await Promise.all(clients.map((client) => client.close()));
  };
  try {
    await Promise.all(clients.map((client) => client.started));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    count,
    all: (commandOf) => Promise.all(clients.map((client, index) => client.call(commandOf(index)))),
    askProgress: () => {
      for (const client of clients) client.send({ kind: 'progress' });
    },
    onProgress: (listener) => {
      for (const client of clients) client.onProgress = listener;
    },
    stop: () => {
      for (const client of clients) client.send({ kind: 'stop' });
    },
    close,
  };
}

interface Waiting {
  resolve(value: never): void;
  reject(error: Error): void;
}

class ClientProcess {
  readonly started: Promise<void>;
  onProgress: (client: number, progress: LoadProgress) => void = () => {};
  readonly #clock: Clock;
  readonly #index: number;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  #hasEnded = false;

  constructor(clock: Clock, index: number) {
    this.#clock = clock;
    this.#index = index;
    this.#child = fork(SCRIPT, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#ended = new Promise((resolve) => {
      const end = (): void => {
        this.#hasEnded = true;
        resolve();
        const error = this.#failure();
        for (const { reject } of this.#waiting.values()) reject(error);
        this.#waiting.clear();
      };
      this.#child.once('close', end).once('error', end);
    });
    this.started = new Promise((resolve, reject) => {
      this.#child.on('message', (message: FromWorker) => {
        if (message.kind === 'started') resolve();
        else this.#receive(message);
      });
      void this.#ended.then(() => reject(this.#failure()));
    });
  }

  /** Errors: what the client process met; NOT_RUNNING when it has ended. */
  call<Name extends WorkerCommand['do']>(command: CommandOf<Name>): Promise<WorkerAnswers[Name]> {
    return new Promise((resolve, reject) => {
      if (this.#hasEnded) {
        reject(this.#failure());
        return;
      }
      const id = this.#nextId;
      this.#nextId += 1;
      this.#waiting.set(id, { resolve, reject });
      this.send({ kind: 'command', id, command });
    });
  }

  send(message: ToWorker): void {
    if (this.#child.connected) this.#child.send(message);
  }

  async close(): Promise<void> {
    this.send({ kind: 'close' });
    const timer = this.#clock.setTimer(CLOSE_WAIT_MS, () => this.#child.kill('SIGKILL'));
    await this.#ended;
    timer.cancel();
  }

  #receive(message: FromWorker): void {
    if (message.kind === 'progress') {
      this.onProgress(this.#index, message.progress);
    } else if (message.kind !== 'started') {
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.kind === 'answer') waiting?.resolve(message.value as never);
      else {
        const { code, message: text, details } = message.error;
        waiting?.reject(new CoterieError(code, text, { details }));
      }
    }
  }

  #failure(): CoterieError {
    const how = this.#child.signalCode ?? this.#child.exitCode ?? 'not started';
    return new CoterieError('NOT_RUNNING', `The client process ${this.#index} ended (${how})`);
  }
}
