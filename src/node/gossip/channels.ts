/** Which gossip streams are there? One that this node dials to each address it has something to
 *  say to, kept while it is used, and those that others dialled.
 *  Invariants: one dialled stream per address; both kinds are bounded, of the dialled ones the one
 *  longest unused goes; those that others left without a word end; a stream on which the other
 *  side owes an answer for too long is given up, so that a network that has healed is noticed by a
 *  new dial.
 *  Not here: frames (gossip-channel.ts), whom to speak with (gossip.ts). */
import type { FrameStream, StreamHandlers, Transport } from '../../env/transport.ts';
import { type ChannelEnvironment, type ChannelHandlers, GossipChannel } from './gossip-channel.ts';

export const DIALLED_MAX = 256;
export const TAKEN_MAX = 1_024;
const UNUSED_MAX_MS = 60_000;
/** Who dialled ends a stream that it does not use; after twice that time it is gone. */
const SILENT_MAX_MS = 2 * UNUSED_MAX_MS;
const UNANSWERED_MAX_MS = 4_000;

export class Channels {
  readonly #env: ChannelEnvironment & { readonly transport: Transport };
  readonly #handlers: ChannelHandlers;
  readonly #dialled = new Map<string, GossipChannel>();
  readonly #taken = new Set<GossipChannel>();
  #isStopped = false;

  constructor(
    env: ChannelEnvironment & { readonly transport: Transport },
    handlers: ChannelHandlers,
  ) {
    this.#env = env;
    this.#handlers = {
      ...handlers,
      closed: (reason, channel, isOwnWish) => {
        this.#taken.delete(channel);
        const { address } = channel;
        if (this.#dialled.get(address) === channel) this.#dialled.delete(address);
        handlers.closed(reason, channel, isOwnWish);
      },
    };
  }

  get dialledCount(): number {
    return this.#dialled.size;
  }

  get takenCount(): number {
    return this.#taken.size;
  }

  /** The stream to this address; dialled when there is none. */
  to(address: string): GossipChannel {
    const known = this.#dialled.get(address);
    if (known !== undefined) return known;
    if (this.#dialled.size >= DIALLED_MAX) this.#longestUnused()?.close();
    const channel = new GossipChannel(this.#env, address, this.#handlers);
    this.#dialled.set(address, channel);
    channel.attach(this.#env.transport.dial(address, 'gossip', channel.streamHandlers));
    return channel;
  }

  /** Takes a stream that another node dialled. */
  accept(stream: FrameStream): StreamHandlers {
    const channel = new GossipChannel(this.#env, '', this.#handlers);
    channel.attach(stream);
    this.#taken.add(channel);
    if (this.#isStopped) channel.close('This node is stopping');
    if (this.#taken.size > TAKEN_MAX) channel.close('This node gossips with too many already');
    return channel.streamHandlers;
  }

  /** Gives up what is of no use. */
  sweep(nowMs: number): void {
    for (const channel of [...this.#dialled.values()]) {
      const { unansweredMs, usedMs } = channel;
      if (unansweredMs !== undefined && nowMs - unansweredMs > UNANSWERED_MAX_MS) {
        channel.close('The other side did not answer');
      } else if (nowMs - usedMs > UNUSED_MAX_MS) channel.close();
    }
    for (const channel of [...this.#taken]) {
      if (nowMs - channel.heardMs > SILENT_MAX_MS) channel.close('The other side fell silent');
    }
  }

  /** Ends the streams to those who said that they belong to another cluster than this one. */
  leaveOthers(clusterId: string): void {
    for (const channel of [...this.#dialled.values(), ...this.#taken]) {
      const theirs = channel.peer?.clusterId ?? '';
      if (theirs !== '' && theirs !== clusterId) channel.close('Of another cluster');
    }
  }

  stop(): void {
    this.#isStopped = true;
    for (const channel of [...this.#dialled.values(), ...this.#taken]) {
      channel.close('This node is stopping');
    }
  }

  #longestUnused(): GossipChannel | undefined {
    let oldest: GossipChannel | undefined;
    for (const channel of this.#dialled.values()) {
      if (oldest === undefined || channel.usedMs < oldest.usedMs) oldest = channel;
    }
    return oldest;
  }
}
