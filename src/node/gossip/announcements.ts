/** What the world is told of members: a line in the log, a number, and an event for whoever embeds
 *  the node.
 *  Invariants: of one name up and down alternate, whichever id stands for it; an id that another
 *  one has replaced is not spoken of; memory is bounded.
 *  Not here: when a member is up or down (core/membership/failure-detector.ts). */
import type { DetectorEvent } from '../../core/membership/failure-detector.ts';
import type { MemberRecord } from '../../core/membership/member-record.ts';
import type { Log } from '../../env/log.ts';
import type { Metrics } from '../../env/metrics.ts';
import type { MemberEvent } from '../contracts.ts';

const NAMES_MAX = 8_192;

export class Announcements {
  readonly #log: Log;
  readonly #metrics: Metrics;
  readonly #told: (event: MemberEvent) => void;
  /** Names that were last said to be up. */
  readonly #up = new Set<string>();

  constructor(
    env: { readonly log: Log; readonly metrics: Metrics },
    told: (event: MemberEvent) => void,
  ) {
    this.#log = env.log;
    this.#metrics = env.metrics;
    this.#told = told;
  }

  /** `record`: of the member; undefined when its id stands for no name. */
  announce(kind: DetectorEvent['kind'], record: MemberRecord | undefined): void {
    if (record === undefined) return;
    const { name, address } = record;
    if (kind === 'up' && this.#up.has(name)) return;
    if (kind === 'down') this.#up.delete(name);
    if (kind === 'up') this.#noteUp(name);
    this.#log[kind === 'up' ? 'info' : 'warn'](`member-${kind}`, { member: name, address });
    this.#metrics.add('coterie_member_events_total', { kind });
    this.#told({ kind, name, address });
  }

  #noteUp(name: string): void {
    if (this.#up.size >= NAMES_MAX) this.#up.clear();
    this.#up.add(name);
  }
}
