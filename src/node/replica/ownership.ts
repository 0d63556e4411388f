/** May this node's copies be touched by a call, as the node stands now?
 *  Invariants: a node that does not own the partition touches nothing; nothing planned with another
 *  version of the partition's replicas gets into a batch; a node that is not rebuilt neither mints
 *  nor answers reads.
 *  Not here: what is done with the copies (replica.ts, minter.ts).
 *  Source: ARCHITECTURE 5.6, 5.17, 5.19. */
import { assert, CoterieError } from '../../core/errors.ts';
import type { KeyCall, PartitionCall, Place } from '../contracts.ts';

export interface ReplicaNode {
  place(): Place | undefined;
  reason(): string;
  /** May its copies be read, and minted on. */
  mayServe(partition: number): boolean;
  /** Do its answers count where a majority is asked for. */
  isVerified(partition: number): boolean;
}

export class Ownership {
  readonly #node: ReplicaNode;

  constructor(node: ReplicaNode) {
    this.#node = node;
  }

  isVerified(partition: number): boolean {
    return this.#node.isVerified(partition);
  }

  /** Why the call is not for this node: NOT_INITIALISED, NOT_OWNER. */
  refusal(call: PartitionCall): CoterieError | undefined {
    const place = this.#node.place();
    if (place === undefined) {
      return new CoterieError('NOT_INITIALISED', 'This node belongs to no cluster yet');
    }
    if (place.ring.replicasOf(call.partition).includes(place.nodeIndex)) return undefined;
    return new CoterieError(
      'NOT_OWNER',
      `This node owns no replica of partition ${call.partition}`,
    );
  }

  /** The same, and NOT_RECOVERED. */
  servingRefusal(call: PartitionCall): CoterieError | undefined {
    const refusal = this.refusal(call);
    if (refusal !== undefined || this.#node.mayServe(call.partition)) return refusal;
    return new CoterieError(
      'NOT_RECOVERED',
      `This node does not serve partition ${call.partition} yet: ${this.#node.reason()}`,
    );
  }

  /** The same for a mint, which besides needs a copy that holds all it ever held. Errors: also
   *  NOT_RECOVERED. */
  fencedForMint(call: KeyCall): Place {
    const refusal = this.servingRefusal(call);
    if (refusal !== undefined) throw refusal;
    return this.fenced(call);
  }

  /** The one fence check, made in the step that decides what goes into a batch. Errors:
   *  NOT_INITIALISED, NOT_OWNER, STALE_LAYOUT. */
  fenced(call: PartitionCall): Place {
    const refusal = this.fenceRefusal(call);
    if (refusal !== undefined) throw refusal;
    const place = this.#node.place();
    assert(place !== undefined, 'What is not refused has a place');
    return place;
  }

  /** The same for who must not throw. */
  fenceRefusal(call: PartitionCall): CoterieError | undefined {
    const refusal = this.refusal(call);
    const own = this.#node.place()?.ring.epochsOf(call.partition);
    if (refusal !== undefined || own === undefined) return refusal;
    if (call.epochs.current === own.current && call.epochs.minimum >= own.minimum) return undefined;
    return new CoterieError(
      'STALE_LAYOUT',
      `The write was planned with layout ${call.epochs.current}, partition ` +
        `${call.partition} is at ${own.current}`,
    );
  }
}
