/** What other members ask of this node over a link, turned into calls on its replica and
 *  coordinator.
 *  Invariant: the budget that travels with a request is turned into this node's own time on
 *  arrival.
 *  Not here: streams and batches (node/link), the work itself. */

import type { Deadlines } from '../../core/deadlines.ts';
import { CoterieError } from '../../core/errors.ts';
import type {
  ForwardReply,
  ForwardRequest,
  LinkRequest,
  Read,
  Replicate,
} from '../../wire/generated/coterie/v1/peer.ts';
import type { KeyCall, LocalReplica, PeerResult, Place } from '../contracts.ts';
import { makeRecordKey } from '../storage/record-key.ts';

export interface LinkRequestParts {
  readonly replica: LocalReplica;
  readonly deadlines: Deadlines;
  place(): Place | undefined;
  forwarded(request: ForwardRequest): Promise<ForwardReply>;
  adopt(layout: Uint8Array): Promise<void>;
  commitSeq(): number;
}

const NO_BYTES = new Uint8Array(0);

export class LinkRequests {
  readonly #parts: LinkRequestParts;

  constructor(parts: LinkRequestParts) {
    this.#parts = parts;
  }

  commitSeq(): number {
    return this.#parts.commitSeq();
  }

  async serve(request: LinkRequest): Promise<PeerResult> {
    const { operation } = request;
    switch (operation?.$case) {
      case 'replicate':
        return this.#replicate(request, operation.replicate);
      case 'read':
        return this.#read(request, operation.read);
      case 'forward':
        return { $case: 'forward', forward: await this.#parts.forwarded(operation.forward) };
      case 'adopt':
        await this.#parts.adopt(operation.adopt.layout);
        return { $case: 'adopted', adopted: {} };
      default:
        throw new CoterieError('MALFORMED_MESSAGE', 'A link request without an operation');
    }
  }

  async #replicate(request: LinkRequest, replicate: Replicate): Promise<PeerResult> {
    const merged = await this.#parts.replica.merge({
      ...this.#keyCall(request, replicate.bucket, replicate.key),
      record: replicate.record,
      sync: replicate.sync,
      isRepair: replicate.repair,
    });
    return {
      $case: 'replicate',
      replicate: { durable: merged.isDurable, changed: merged.isChanged },
    };
  }

  async #read(request: LinkRequest, read: Read): Promise<PeerResult> {
    const held = await this.#parts.replica.read(this.#keyCall(request, read.bucket, read.key));
    return {
      $case: 'read',
      read: { record: held.bytes ?? NO_BYTES, verified: held.isVerified },
    };
  }

  #keyCall(request: LinkRequest, bucket: string, key: Uint8Array): KeyCall {
    const place = this.#parts.place();
    if (place === undefined) {
      throw new CoterieError('NOT_INITIALISED', 'This node belongs to no cluster yet');
    }
    const { token, partition } = place.ring.partitionOfKey(bucket, key);
    return {
      key: makeRecordKey(token, bucket, key),
      partition,
      epochs: { current: request.peCur, minimum: request.peMin, read: request.peRead },
      deadlineMs: this.#parts.deadlines.nowMs() + request.timeoutMs,
    };
  }
}
