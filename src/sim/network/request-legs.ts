/** How long is a frame of the link between two nodes on its way when each leg of a request has a
 *  distribution of its own? Reads and writes of replicas, and their answers, take what they take in
 *  the profile; everything else arrives as the network has it.
 *  Not here: what a network does to all frames alike (network-link.ts). */
import type { LatencyProfile } from '../../core/pbs/profile.ts';
import { LinkReplyFrame, LinkRequestFrame } from '../../wire/generated/coterie/v1/peer.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { LegStream } from '../kernel/leg-stream.ts';

const US_PER_MS = 1_000;

export class RequestLegs {
  readonly #remoteUs: number;
  readonly #write: LegStream;
  readonly #ack: LegStream;
  readonly #read: LegStream;
  readonly #response: LegStream;

  constructor(kernel: Kernel, { legs, remoteMs }: LatencyProfile) {
    this.#remoteUs = remoteMs * US_PER_MS;
    this.#write = new LegStream(kernel, 'write', legs.write);
    this.#ack = new LegStream(kernel, 'ack', legs.ack);
    this.#read = new LegStream(kernel, 'read', legs.read);
    this.#response = new LegStream(kernel, 'response', legs.response);
  }

  /** To the side that was dialled. Of several requests in a frame the first decides. `undefined`:
   *  none that has a leg. */
  requestUs(frame: Uint8Array): number | undefined {
    const operation = LinkRequestFrame.decode(frame).requests[0]?.operation;
    if (operation?.$case === 'replicate') return this.#write.drawUs() + this.#remoteUs;
    if (operation?.$case === 'read') return this.#read.drawUs() + this.#remoteUs;
    return undefined;
  }

  /** And back. */
  replyUs(frame: Uint8Array): number | undefined {
    const result = LinkReplyFrame.decode(frame).replies[0]?.result;
    if (result?.$case === 'replicate') return this.#ack.drawUs() + this.#remoteUs;
    if (result?.$case === 'read') return this.#response.drawUs() + this.#remoteUs;
    return undefined;
  }
}
