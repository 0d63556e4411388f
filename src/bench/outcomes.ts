/** What became of the operations of one client, or of many: latencies of those that succeeded, and
 *  the others by the code of their error. A read-modify-write counts as one operation; its parts
 *  are in `read` and `write` and the whole is in `rmw`. */
import type { GetResult } from '../client/types.ts';
import type { ErrorCode } from '../core/errors.ts';
import { type EncodedLatencyCounts, LatencyCounts } from '../core/latency-counts.ts';
import { type EncodedLatencies, Latencies } from './latencies.ts';

const COUNTS = ['operations', 'succeeded', 'notFound', 'contextReads', 'siblingReads'] as const;
const KINDS = ['read', 'write', 'rmw'] as const;

/** How often each code was met. */
export type ErrorCounts = Readonly<Partial<Record<ErrorCode, number>>>;

export interface EncodedOutcomes {
  readonly counts: Readonly<Record<(typeof COUNTS)[number], number>>;
  readonly errors: ErrorCounts;
  readonly latencies: Readonly<Record<(typeof KINDS)[number], EncodedLatencies>>;
  readonly ways: EncodedLatencyCounts;
}

export class Outcomes {
  readonly read = new Latencies();
  readonly write = new Latencies();
  readonly rmw = new Latencies();
  /** Of every request that succeeded, what this client waited and no coordinator had it. */
  readonly ways = new LatencyCounts();
  /** Ended, in whichever way. */
  operations = 0;
  succeeded = 0;
  /** Reads of keys that no replica asked had a value of. */
  notFound = 0;
  /** Reads made for the context of a write, and for nothing else; in no other figure. */
  contextReads = 0;
  /** Reads that found more than one value. */
  siblingReads = 0;
  readonly #errors = new Map<ErrorCode, number>();
  readonly #recent = new Latencies();

  took(kind: (typeof KINDS)[number], latencyMs: number): void {
    this[kind].add(latencyMs);
    this.#recent.add(latencyMs);
  }

  /** A coordinator that does not tell how long it had a request says nothing of its way. */
  reached({ elapsedMs, coordinatorMs }: Pick<GetResult, 'elapsedMs' | 'coordinatorMs'>): void {
    if (coordinatorMs > 0) this.ways.add(elapsedMs - coordinatorMs);
  }

  /** Of what was added since the last call; null when there was nothing. */
  takeRecentP99Ms(): number | null {
    const p99Ms = this.#recent.percentileMs(0.99) ?? null;
    this.#recent.reset();
    return p99Ms;
  }

  failed(code: ErrorCode): void {
    this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1);
  }

  /** By code, the most frequent first. */
  get errors(): ErrorCounts {
    const entries = [...this.#errors].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    return Object.fromEntries(entries);
  }

  get errorCount(): number {
    let sum = 0;
    for (const count of this.#errors.values()) sum += count;
    return sum;
  }

  merge(other: Outcomes): void {
    for (const name of COUNTS) this[name] += other[name];
    for (const kind of KINDS) this[kind].merge(other[kind]);
    this.ways.merge(other.ways.encode());
    this.addErrors(other.errors);
  }

  addErrors(errors: ErrorCounts): void {
    for (const code of codesOf(errors)) {
      this.#errors.set(code, (this.#errors.get(code) ?? 0) + (errors[code] ?? 0));
    }
  }

  encode(): EncodedOutcomes {
    const { operations, succeeded, notFound, contextReads, siblingReads } = this;
    return {
      counts: { operations, succeeded, notFound, contextReads, siblingReads },
      errors: this.errors,
      latencies: {
        read: this.read.encode(),
        write: this.write.encode(),
        rmw: this.rmw.encode(),
      },
      ways: this.ways.encode(),
    };
  }

  static decode({ counts, errors, latencies, ways }: EncodedOutcomes): Outcomes {
    const outcomes = new Outcomes();
    for (const name of COUNTS) outcomes[name] = counts[name];
    for (const kind of KINDS) outcomes[kind].merge(Latencies.decode(latencies[kind]));
    outcomes.ways.merge(ways);
    outcomes.addErrors(errors);
    return outcomes;
  }
}

export function codesOf(errors: ErrorCounts): readonly ErrorCode[] {
  return Object.keys(errors) as ErrorCode[];
}
