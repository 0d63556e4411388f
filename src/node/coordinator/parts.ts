/** What the operations of a coordinator work with.
 *  Invariant: handed in once, and the same for all of them.
 *  Not here: behaviour of any kind. */
import type { Deadlines } from '../../core/deadlines.ts';
import type { LegCounts } from '../../core/pbs/leg-counts.ts';
import type { RecordCodec } from '../../core/version/record-codec.ts';
import type { Log } from '../../env/log.ts';
import type { Metrics } from '../../env/metrics.ts';
import type { Random } from '../../env/random.ts';
import type { Fallback, Hints, LocalReplica, Peers } from '../contracts.ts';

export interface CoordinatorParts {
  readonly peers: Peers;
  readonly replica: LocalReplica;
  readonly deadlines: Deadlines;
  readonly random: Random;
  readonly codec: RecordCodec;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Told how long each leg of each request took. */
  readonly legs: LegCounts;
}

export interface WriteParts extends CoordinatorParts {
  readonly hints: Hints;
  readonly fallback: Pick<Fallback, 'mint'>;
}
