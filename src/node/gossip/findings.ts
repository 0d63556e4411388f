/** What follows when gossip shows something that should not be: a line in the log, a peer that is
 *  not spoken with, or the end of this node.
 *  Of two nodes under one id the later start gives way, which is the one that has not been there
 *  for long. Two that both have, on the two sides of a partition, settle it by generation and
 *  address.
 *  Invariants: what is found again and again is logged once; memory is bounded.
 *  Not here: finding it (core/membership/member-table.ts). */
import { CoterieError } from '../../core/errors.ts';
import {
  FINDINGS_MAX,
  FindingList,
  isLaterStart,
  type MemberFinding,
} from '../../core/membership/member-finding.ts';
import type { Log } from '../../env/log.ts';

export interface FindingParts {
  readonly ownId: string;
  /** Has this node been there for so long that it cannot be the later one. */
  readonly isSettled: () => boolean;
  readonly mustStop: (reason: CoterieError) => void;
}

/** A settled node bears another one under its id for so many findings. */
const CLONES_BORNE = 8;

export class Findings {
  readonly #log: Log;
  readonly #parts: FindingParts;
  readonly #told = new FindingList();
  /** Addresses and names that were spoken of. */
  readonly #named = new Set<string>();
  #cloneCount = 0;
  #hasToldTooMany = false;

  constructor(log: Log, parts: FindingParts) {
    this.#log = log;
    this.#parts = parts;
  }

  /** In what others tell. */
  found(finding: MemberFinding): void {
    this.#follow(finding);
  }

  /** On a channel that has just begun. Errors: CLUSTER_MISMATCH and CONFLICT when it may not go
   *  on. */
  met(finding: MemberFinding): void {
    this.#follow(finding);
    const { kind, id } = finding;
    if (kind === 'other-cluster') {
      throw new CoterieError('CLUSTER_MISMATCH', `This node belongs to another cluster than yours`);
    }
    if (kind === 'removed' || id === this.#parts.ownId) {
      throw new CoterieError('CONFLICT', `The id ${id} may not take part: ${kind}`);
    }
  }

  tooMany(id: string, error: CoterieError): void {
    if (this.#hasToldTooMany) return;
    this.#hasToldTooMany = true;
    this.#log.error('member-not-watched', { id, message: error.message });
  }

  /** A stream ended because one side does not take the other. */
  refused(address: string, error: CoterieError): void {
    if (!this.#isNew(address)) return;
    this.#log.warn('gossip-refused', { peer: address, code: error.code, message: error.message });
  }

  /** Two live ids under one name, at two addresses. */
  namesakes(member: string, addresses: readonly string[]): void {
    if (!this.#isNew(`name ${member}`)) return;
    this.#log.error('two-nodes-with-one-name', { member, addresses: addresses.join(' and ') });
  }

  #follow(finding: MemberFinding): void {
    this.#told.add(finding);
    for (const fresh of this.#told.take()) this.#tell(fresh);
    if (finding.id !== this.#parts.ownId) return;
    if (finding.kind === 'clone') this.#meetClone(finding);
    if (finding.kind === 'removed') this.#parts.mustStop(removed());
  }

  #isNew(what: string): boolean {
    if (this.#named.has(what)) return false;
    if (this.#named.size >= FINDINGS_MAX) this.#named.clear();
    this.#named.add(what);
    return true;
  }

  #tell(finding: MemberFinding): void {
    switch (finding.kind) {
      case 'other-cluster': {
        const { name, clusterId } = finding;
        this.#log.warn('member-of-another-cluster', { member: name, cluster: clusterId });
        return;
      }
      case 'clone': {
        const { id, addresses } = finding;
        this.#log.error('two-nodes-with-one-id', { id, addresses: addresses.join(' and ') });
        return;
      }
      case 'removed':
        this.#log.error('removed', { id: finding.id });
        return;
      default:
        this.#log.warn(finding.kind, { ...finding });
    }
  }

  #meetClone(finding: Extract<MemberFinding, { readonly kind: 'clone' }>): void {
    const { addresses, generations, mustStop } = finding;
    const [own = 0, other = 0] = generations;
    this.#cloneCount += 1;
    const isLater = own === other ? mustStop : isLaterStart(own, other);
    const isToStop = this.#parts.isSettled()
      ? mustStop && this.#cloneCount > CLONES_BORNE
      : isLater;
    if (!isToStop) return;
    this.#parts.mustStop(
      new CoterieError(
        'CONFLICT',
        `Another live node has the data folder of this one (${addresses.join(' and ')}): a copy ` +
          'of a folder must not run beside the original; this node stops',
      ),
    );
  }
}

function removed(): CoterieError {
  return new CoterieError(
    'CONFLICT',
    'The cluster has removed this node for ever: start it with an empty folder and another name',
  );
}
