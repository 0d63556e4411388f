/** The exchanges of this node with its peers, whoever wants one: the schedule, a rebuild, a test.
 *  Invariants: one at a time for each pair of copies, so many in all; what was interrupted leaves a
 *  cursor, and the next exchange of the pair goes on there; after `stop` none goes on, and each
 *  caller has been told.
 *  Not here: when which pair is due (exchange-schedule.ts), one exchange (exchange-run.ts). */
import type { Deadlines } from '../../core/deadlines.ts';
import { CoterieError } from '../../core/errors.ts';
import type { Log } from '../../env/log.ts';
import type { Metrics } from '../../env/metrics.ts';
import { asCoterieError } from '../../wire/error-codec.ts';
import type {
  Done,
  ExchangeOptions,
  ExchangeResult,
  Exchanges,
  PartitionGate,
  Peers,
  Place,
  ReceiveBudget,
} from '../contracts.ts';
import type { RecordStore } from '../storage/record-store.ts';
import { ExchangeRun, type Unfinished } from './exchange-run.ts';
import type { RecordAccess } from './record-access.ts';

export interface ExchangesParts {
  readonly deadlines: Deadlines;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly peers: Pick<Peers, 'callBulk'>;
  readonly budget: ReceiveBudget;
  readonly store: Pick<RecordStore, 'scan'>;
  readonly access: RecordAccess;
  readonly gate: PartitionGate;
  place(): Place | undefined;
  /** Others wait for this node: what may wait does. */
  isBusy(): boolean;
}

/** Of the schedule and of rebuilds together. */
const RUNS_MAX = 8;
const RETRY_AFTER_MS = 1_000;
const UNFINISHED_LIVES_MS = 3_600_000;
/** While the node is busy a page waits so often and so long, and then has its turn. */
const GIVE_WAY_MS = 50;
const GIVE_WAY_TIMES = 20;

export class ExchangeService implements Exchanges {
  readonly #parts: ExchangesParts;
  readonly #running = new Set<string>();
  /** By pair and mode: at most two for each pair that this node has. */
  readonly #unfinished = new Map<string, Unfinished>();
  readonly #pauses = new Set<() => void>();
  #isStopped = false;

  constructor(parts: ExchangesParts) {
    this.#parts = parts;
  }

  run(partition: number, peer: number, options: ExchangeOptions, done: Done<ExchangeResult>): void {
    const place = this.#parts.place();
    const pair = `${partition}/${peer}`;
    const refusal = this.#refusal(place, partition, peer, pair);
    if (refusal !== undefined || place === undefined) {
      done(refusal ?? stopped());
      return;
    }
    const { ring } = place;
    const name = `${pair}/${options.mode}`;
    const run = new ExchangeRun(
      {
        ...this.#parts,
        partitions: ring.layout.partitions,
        pause: (pauseMs) => this.#pause(pauseMs),
        giveWay: () => this.#giveWay(),
      },
      { partition, peer, epochs: ring.epochsOf(partition) },
      options,
      this.#unfinishedOf(name),
    );
    this.#running.add(pair);
    run.run().then(
      () => {
        this.#over(pair, name, run);
        done(run.result);
      },
      (error: unknown) => {
        this.#over(pair, name, run);
        done(asCoterieError(error));
      },
    );
  }

  /** Those that are under way end with NOT_RUNNING. */
  stop(): void {
    this.#isStopped = true;
    for (const wake of [...this.#pauses]) wake();
  }

  #refusal(
    place: Place | undefined,
    partition: number,
    peer: number,
    pair: string,
  ): CoterieError | undefined {
    if (this.#isStopped) return stopped();
    const epochs = place?.ring.epochsOf(partition);
    if (place === undefined || epochs === undefined) {
      return new CoterieError('NOT_INITIALISED', 'This node belongs to no cluster yet');
    }
    const refusal = this.#parts.gate.fenceRefusal({ partition, epochs });
    if (refusal !== undefined) return refusal;
    if (peer === place.nodeIndex || !place.ring.replicasOf(partition).includes(peer)) {
      return new CoterieError('NOT_OWNER', `Node ${peer} is no peer for partition ${partition}`);
    }
    if (!this.#running.has(pair) && this.#running.size < RUNS_MAX) return undefined;
    return new CoterieError('OVERLOADED', `${this.#running.size} exchanges are under way`, {
      details: { retryAfterMs: RETRY_AFTER_MS },
    });
  }

  /** Leaves that were equal long ago say nothing of today. */
  #unfinishedOf(name: string): Unfinished | undefined {
    const unfinished = this.#unfinished.get(name);
    if (unfinished === undefined) return undefined;
    const ageMs = this.#parts.deadlines.nowMs() - unfinished.beganMs;
    return ageMs > UNFINISHED_LIVES_MS ? undefined : unfinished;
  }

  #over(pair: string, name: string, run: ExchangeRun): void {
    const { metrics } = this.#parts;
    this.#running.delete(pair);
    const { unfinished, result } = run;
    if (unfinished === undefined) this.#unfinished.delete(name);
    else this.#unfinished.set(name, unfinished);
    metrics.add('coterie_exchange_bytes_total', { kind: 'sent' }, result.sentBytes);
    metrics.add('coterie_exchange_bytes_total', { kind: 'received' }, result.receivedBytes);
    metrics.add('coterie_exchange_bytes_total', { kind: 'differing' }, result.differingBytes);
    metrics.add('coterie_exchange_keys_total', { kind: 'changed' }, run.changedKeys);
    metrics.add('coterie_exchange_keys_total', { kind: 'needless' }, run.needlessKeys);
  }

  #pause(pauseMs: number): Promise<void> {
    const { deadlines } = this.#parts;
    return new Promise((resolve, reject) => {
      const wake = (): void => {
        this.#pauses.delete(wake);
        deadlines.cancel(entry);
        if (this.#isStopped) reject(stopped());
        else resolve();
      };
      const entry = deadlines.add(deadlines.nowMs() + pauseMs, wake);
      this.#pauses.add(wake);
    });
  }

  async #giveWay(): Promise<void> {
    for (let times = 0; times < GIVE_WAY_TIMES && this.#parts.isBusy(); times += 1) {
      await this.#pause(GIVE_WAY_MS);
    }
    if (this.#isStopped) throw stopped();
  }
}

function stopped(): CoterieError {
  return new CoterieError('NOT_RUNNING', 'This node is stopping: the exchange was given up');
}
