/** The port to metrics, and the one table of every metric there is (docs/metrics.md is made from
 *  it). No label carries a key, a bucket or anything else that a user can make unbounded. */

export interface MetricSpec {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds, for histograms. */
  readonly buckets?: readonly number[];
}

const SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5] as const;
const COUNTS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] as const;

export const METRICS = {
  coterie_requests_total: {
    kind: 'counter',
    help: 'Client requests by operation, level asked for and outcome (ok or the error code)',
    labels: ['operation', 'level', 'outcome'],
  },
  coterie_request_seconds: {
    kind: 'histogram',
    help: 'Time from taking a client request to its reply',
    labels: ['operation', 'level', 'outcome'],
    buckets: SECONDS,
  },
  coterie_requests_in_flight: {
    kind: 'gauge',
    help: 'Client requests this node coordinates now',
    labels: [],
  },
  coterie_batch_operations: {
    kind: 'histogram',
    help: 'Record writes that one storage batch carried',
    labels: [],
    buckets: COUNTS,
  },
  coterie_batch_seconds: {
    kind: 'histogram',
    help: 'Time of one storage batch, with or without fsync',
    labels: ['sync'],
    buckets: SECONDS,
  },
  coterie_storage_queue_bytes: {
    kind: 'gauge',
    help: 'Bytes waiting for the next storage batch',
    labels: [],
  },
  coterie_link_state: {
    kind: 'gauge',
    help: '1 when the link to this member is connected, otherwise 0',
    labels: ['member'],
  },
  coterie_member_events_total: {
    kind: 'counter',
    help: 'Members that this node saw come up, go down, or flap',
    labels: ['kind'],
  },
  coterie_clock_offset_seconds: {
    kind: 'gauge',
    help: "This node's wall clock minus the middle of all members' clocks",
    labels: [],
  },
  coterie_link_in_flight: {
    kind: 'gauge',
    help: 'Requests sent to this member and not yet answered',
    labels: ['member'],
  },
  coterie_read_repairs_total: {
    kind: 'counter',
    help: 'Records written back by a read, by whether the answer waited for it',
    labels: ['mode'],
  },
  coterie_hints: {
    kind: 'gauge',
    help: 'Keys whose record this node owes to the member',
    labels: ['member'],
  },
  coterie_hint_bytes: {
    kind: 'gauge',
    help: 'Bytes that the hints for the member take on the disk',
    labels: ['member'],
  },
  coterie_hints_delivered_total: {
    kind: 'counter',
    help: 'Records handed over for hints and durably acknowledged',
    labels: [],
  },
  coterie_hints_dropped_total: {
    kind: 'counter',
    help: 'Missed writes that no hint could be kept for: their partitions are compared instead',
    labels: [],
  },
  coterie_stand_ins_total: {
    kind: 'counter',
    help: 'Records that another member agreed to keep for a replica, counted where it was asked',
    labels: [],
  },
  coterie_fallback_mints_total: {
    kind: 'counter',
    help: 'Writes at level any that this node minted because no replica of the key could be asked',
    labels: [],
  },
  coterie_receive_bytes_total: {
    kind: 'counter',
    help: 'Bytes of records taken in to catch up, hints included',
    labels: [],
  },
  coterie_receive_refusals_total: {
    kind: 'counter',
    help: 'Requests with such records that were sent away because too many bytes waited already',
    labels: [],
  },
  coterie_read_repairs_dropped_total: {
    kind: 'counter',
    help: 'Repairs that nobody waited for and that were not done: no room for them, or a busy node',
    labels: ['reason'],
  },
  coterie_read_repairs_waiting: {
    kind: 'gauge',
    help: 'Repairs that nobody waits for and that have not begun',
    labels: [],
  },
  coterie_read_digests_total: {
    kind: 'counter',
    help: 'Digests answered in place of large records, by whether that record came from another',
    labels: ['outcome'],
  },
  coterie_read_hedges_total: {
    kind: 'counter',
    help:
      'Replicas asked because the others were late, by whether their answer counted or came too ' +
      'late, and those not asked because the budget was spent or the node busy',
    labels: ['outcome'],
  },
  coterie_late_answers_total: {
    kind: 'counter',
    help: 'Answers that came after their read was over, by whether they were equal to its result',
    labels: ['outcome'],
  },
  coterie_exchanges_total: {
    kind: 'counter',
    help: 'Comparisons of a partition with a peer, by what they came to',
    labels: ['outcome'],
  },
  coterie_exchange_pairs_overdue: {
    kind: 'gauge',
    help: 'Partitions that should be compared with a peer by now and are not',
    labels: [],
  },
  coterie_exchange_bytes_total: {
    kind: 'counter',
    help: 'Bytes of anti-entropy exchanges: sent, received, and of records that really differed',
    labels: ['kind'],
  },
  coterie_exchange_keys_total: {
    kind: 'counter',
    help: 'Keys that exchanges transferred: changed something, or needless',
    labels: ['kind'],
  },
  coterie_siblings: {
    kind: 'histogram',
    help: 'Siblings in a record that was read',
    labels: [],
    buckets: [0, 1, 2, 4, 8, 16, 32, 64],
  },
  coterie_many_siblings_total: {
    kind: 'counter',
    help: 'Puts that left more than 10 siblings: their writers do not merge, and 64 is the limit',
    labels: [],
  },
  coterie_dot_collisions_total: {
    kind: 'counter',
    help: 'Equal dots with different content: a cloned disk or a fault; never merged in silence',
    labels: [],
  },
  coterie_rebuild_partitions_left: {
    kind: 'gauge',
    help: 'Partitions that lost something on this node and are not made good yet',
    labels: [],
  },
  coterie_scrubbed_records_total: {
    kind: 'counter',
    help: 'Records that were re-read to find rot',
    labels: [],
  },
  coterie_scrub_corrected_leaves_total: {
    kind: 'counter',
    help: 'Merkle leaves that did not say what the records are, and were counted again',
    labels: [],
  },
  coterie_unreadable_keys: {
    kind: 'gauge',
    help: 'Keys on this node whose record cannot be read',
    labels: [],
  },
  coterie_sessions: {
    kind: 'gauge',
    help: 'Open client sessions',
    labels: [],
  },
} as const satisfies Record<string, MetricSpec>;

export type MetricName = keyof typeof METRICS;
type Labels<Name extends MetricName> = Record<(typeof METRICS)[Name]['labels'][number], string>;

export interface Metrics {
  /** Raises a counter. */
  add<Name extends MetricName>(name: Name, labels: Labels<Name>, amount?: number): void;
  /** Sets a gauge. */
  set<Name extends MetricName>(name: Name, labels: Labels<Name>, value: number): void;
  /** Notes one observation of a histogram. */
  observe<Name extends MetricName>(name: Name, labels: Labels<Name>, value: number): void;
}
