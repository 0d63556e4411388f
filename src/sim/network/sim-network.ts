/** The simulated network: who listens where, which streams there are, and what is wrong between
 *  two addresses. Faults are conditions on directed links (network-link.ts) or breaks of streams.
 *  Streams are TCP: ordered and reliable while open. Loss only delays; what nobody acknowledges for
 *  30 s breaks the stream; the other side hears of a break when something gets through again.
 *  Invariants: equal seed and calls give equal deliveries, one event for the frames that one stream
 *  was given at one time; a dead process hears nothing, and what it had sent is delivered or lost.
 *  Not here: which faults come when (sim/faults), what a process is (node-clock.ts).
 *  Source: FoundationDB's simulation (Zhou et al., SIGMOD 2021, section 4). */
import { CoterieError } from '../../core/errors.ts';
import type {
  StreamAcceptor,
  StreamClosed,
  StreamHandlers,
  StreamService,
  Transport,
} from '../../env/transport.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { NodeClock } from '../kernel/node-clock.ts';
import type { RandomStream } from '../kernel/random-stream.ts';
import type { NetworkModel } from '../scenario.ts';
import { type FlowOptions, FrameFlow } from './frame-flow.ts';
import { GhostConnection, type LinkRecording, LinkRecordings } from './ghost-connection.ts';
import { type NetworkCounters, NetworkLink, type NetworkState, once } from './network-link.ts';
import type { RequestLegs } from './request-legs.ts';
import { SimStream } from './sim-stream.ts';
import { SimTransport } from './sim-transport.ts';

export interface SimNetworkOptions {
  readonly model: NetworkModel;
  /** Bytes of one direction of a stream that are sent and not yet taken. Default 65,536, as
   *  HTTP/2. */
  readonly windowBytes?: number;
  /** From `close` until the other side has ended too; then it is `broken`. Default 2,000. */
  readonly closeTimeoutMs?: number;
  /** From `dial` until the other side has taken the stream; then it is `broken`. Default
   *  10,000. */
  readonly dialTimeoutMs?: number;
  /** How long a sender tries in vain; then the stream is `broken`. Default 30,000. */
  readonly giveUpMs?: number;
  /** Of requests between nodes; as everything else when absent. */
  readonly legs?: RequestLegs;
  /** Shown every frame that is delivered. */
  readonly onFrame?: (from: string, to: string, service: StreamService, frame: Uint8Array) => void;
  /** A callback of the process at this address threw. */
  readonly onHandlerFailure?: (address: string, thrown: unknown) => void;
}

type Optional = 'legs' | 'onFrame' | 'onHandlerFailure';

/** One address. */
interface Host {
  readonly address: string;
  extraDelayUs: number;
  listener: Listener | undefined;
  /** The ends of streams that its process holds, and who is at the other end. */
  readonly ends: Map<SimStream, Opposite>;
  /** By the address they lead to. */
  readonly links: Map<string, NetworkLink>;
}

interface Listener {
  readonly clock: NodeClock;
  readonly acceptor: StreamAcceptor;
}

interface Opposite {
  readonly address: string;
  readonly isDialled: boolean;
}

interface DialOrder {
  readonly from: Host;
  readonly clock: NodeClock;
  readonly address: string;
  readonly service: StreamService;
  readonly handlers: StreamHandlers;
  readonly released?: () => void;
  /** What the other side sees as `remote`, when not `from`. */
  readonly alias?: string;
  readonly recording?: LinkRecording | undefined;
}

const US_PER_MS = 1_000;
const GHOST_LINGERS_MAX_MS = 5_000;
const RESET: StreamClosed = { kind: 'broken', message: 'The connection was reset' };

export class SimNetwork {
  readonly counters: NetworkCounters = {
    frames: 0,
    bytes: 0,
    retransmissions: 0,
    resets: 0,
    replays: 0,
    handlerFailures: 0,
  };
  readonly #state: NetworkState;
  readonly #options: Required<Omit<SimNetworkOptions, Optional>> &
    Pick<SimNetworkOptions, Optional>;
  readonly #hosts = new Map<string, Host>();
  readonly #recordings = new LinkRecordings();
  readonly #ghostClock: NodeClock;
  readonly #ghostDraws: RandomStream;
  #losses: number[] = [];

  constructor(kernel: Kernel, options: SimNetworkOptions) {
    this.#options = {
      windowBytes: 65_536,
      closeTimeoutMs: 2_000,
      dialTimeoutMs: 10_000,
      giveUpMs: 30_000,
      ...options,
    };
    const { model } = options;
    this.#state = { kernel, model, counters: this.counters, lossShare: 0, isStopped: false };
    this.#ghostClock = new NodeClock(kernel, 'ghosts');
    this.#ghostDraws = kernel.stream('ghosts');
  }

  /** Returns what ends the listening; open streams go on.
   *  Errors: INVALID_CONFIG when somebody listens at the address already. */
  listen(address: string, clock: NodeClock, acceptor: StreamAcceptor): () => void {
    const host = this.#host(address);
    if (host.listener !== undefined) {
      throw new CoterieError('INVALID_CONFIG', `Somebody listens at ${address} already`);
    }
    const listener = { clock, acceptor };
    host.listener = listener;
    return () => {
      if (host.listener === listener) host.listener = undefined;
    };
  }

  /** For the process at this address; a client's address is its name. */
  transport(address: string, clock: NodeClock): Transport {
    const from = this.#host(address);
    return new SimTransport(clock, (to, service, handlers, released) => {
      const isRecorded = service === 'link' || service === 'bulk';
      const recording = isRecorded ? this.#recordings.begin(address, to, service) : undefined;
      return this.#dial({ from, clock, address: to, service, handlers, released, recording });
    });
  }

  /** The process at this address is gone: nobody listens there, and its streams break for the other
   *  sides, by draw before or after what it had on the way has arrived. */
  died(address: string): void {
    const host = this.#host(address);
    host.listener = undefined;
    for (const [end, { address: other }] of [...host.ends]) {
      end.vanish(this.#link(address, other).random.chance(0.5));
    }
  }

  /** Nothing goes from group A to group B, nor back unless it is one way only. Each fault returns
   *  what ends it. */
  partition(groupA: readonly string[], groupB: readonly string[], isOneWay: boolean): () => void {
    const ends: (() => void)[] = [];
    for (const one of groupA) {
      for (const other of groupB) {
        ends.push(this.#link(one, other).cut());
        if (!isOneWay) ends.push(this.#link(other, one).cut());
      }
    }
    return endAll(ends);
  }

  /** Whatever arrives on these links waits until the end, and then comes at once. */
  clog(links: readonly { readonly from: string; readonly to: string }[]): () => void {
    return endAll(links.map(({ from, to }) => this.#link(from, to).clog()));
  }

  /** This share of tries, 0..1, is lost everywhere. */
  lose(share: number): () => void {
    this.#losses.push(share);
    this.#countLosses();
    return once(() => {
      this.#losses.splice(this.#losses.indexOf(share), 1);
      this.#countLosses();
    });
  }

  /** Everything from and to this address takes longer. */
  delay(address: string, byMs: number): () => void {
    const host = this.#host(address);
    const byUs = Math.round(byMs * US_PER_MS);
    host.extraDelayUs += byUs;
    return once(() => {
      host.extraDelayUs -= byUs;
    });
  }

  /** Every stream between the two breaks at once, with what is on the way; `afterDelivery`: the
   *  side that was dialled still gets what was sent to it, and only then hears of the break. */
  reset(a: string, b: string, afterDelivery: boolean): void {
    for (const [address, other] of [
      [a, b],
      [b, a],
    ] as const) {
      for (const [end, opposite] of [...this.#host(address).ends]) {
        if (opposite.address !== other || end.isClosed) continue;
        // Of the two ends one dialled.
        if (opposite.isDialled) this.counters.resets += 1;
        if (!afterDelivery) end.reset(RESET);
        else if (opposite.isDialled) end.resetAfterDelivery(RESET);
      }
    }
  }

  /** A link connection to this address comes once more. `connection` counts the recorded ones from
   *  the newest, 0, and begins again after the oldest. False when none is recorded or nobody
   *  listens there. */
  replay(to: string, connection: number): boolean {
    const recording = this.#recordings.pick(to, connection);
    if (recording === undefined || this.#host(to).listener === undefined) return false;
    this.counters.replays += 1;
    const clock = this.#ghostClock;
    const lingerMs = this.#ghostDraws.between(0, GHOST_LINGERS_MAX_MS);
    const ghost = new GhostConnection(clock, recording.frames(), lingerMs);
    const from = this.#host(`ghost of ${recording.from}`);
    const { from: alias, service } = recording;
    const order = { from, clock, address: to, service, handlers: ghost, alias };
    ghost.haunt(this.#dial(order));
    return true;
  }

  /** Nothing is delivered any more. */
  stop(): void {
    this.#state.isStopped = true;
    this.#recordings.clear();
  }

  /** Connects as TCP does; what was sent starts with the dialling side's last step, and the stream
   *  is taken when that arrives. */
  #dial(order: DialOrder): SimStream {
    const { from, clock, address, service, handlers } = order;
    const [out, back] = this.#flows(order);
    const near = this.#end(from, { address, isDialled: true }, order, [out, back]);
    if (clock.isDead || this.#state.isStopped) {
      near.vanish(false);
      return near;
    }
    near.dialled(handlers, this.#options.dialTimeoutMs);
    const answer = (arrive: () => void): void => {
      back.link.post({ isStale: () => near.isClosed, arrive });
    };
    const knock = (): void => {
      const host = this.#host(address);
      const { listener } = host;
      if (listener === undefined) {
        const message = `Nobody listens at ${address}`;
        answer(() => near.closedBy({ kind: 'refused', message, isNobodyThere: true }));
        return;
      }
      const far = this.#end(
        host,
        { address: from.address, isDialled: false },
        { clock: listener.clock, service, address: order.alias ?? from.address },
        [back, out],
      );
      far.listening(listener.acceptor);
      answer(() => out.open());
    };
    out.link.post({ isStale: () => near.isClosed, arrive: knock });
    return near;
  }

  #flows({ from, address, service, recording }: DialOrder): [FrameFlow, FrameFlow] {
    const { windowBytes, giveUpMs, onFrame, legs } = this.#options;
    const ofLink = service === 'link' ? legs : undefined;
    const flow = (
      link: NetworkLink,
      back: NetworkLink,
      delayUsOf: FlowOptions['delayUsOf'],
      record?: LinkRecording,
    ): FrameFlow =>
      new FrameFlow(this.#state, link, back, {
        windowBytes,
        giveUpMs,
        delayUsOf,
        onStart: record && ((frame) => record.note(frame)),
        onDelivery: onFrame && ((frame) => onFrame(link.from, link.to, service, frame)),
      });
    const there = this.#link(from.address, address);
    const back = this.#link(address, from.address);
    return [
      flow(there, back, ofLink && ((frame) => ofLink.requestUs(frame)), recording),
      flow(back, there, ofLink && ((frame) => ofLink.replyUs(frame))),
    ];
  }

  #end(
    host: Host,
    opposite: Opposite,
    order: Pick<DialOrder, 'clock' | 'service' | 'address' | 'released'>,
    [out, back]: readonly [FrameFlow, FrameFlow],
  ): SimStream {
    const end = new SimStream({
      clock: order.clock,
      remote: order.address,
      service: order.service,
      closeTimeoutMs: this.#options.closeTimeoutMs,
      out,
      in: back,
      left: (stream) => host.ends.delete(stream),
      released: order.released,
      failed: (thrown) => {
        this.counters.handlerFailures += 1;
        this.#options.onHandlerFailure?.(host.address, thrown);
      },
    });
    host.ends.set(end, opposite);
    return end;
  }

  #host(address: string): Host {
    let host = this.#hosts.get(address);
    if (host === undefined) {
      host = {
        address,
        extraDelayUs: 0,
        listener: undefined,
        ends: new Map(),
        links: new Map(),
      };
      this.#hosts.set(address, host);
    }
    return host;
  }

  #link(from: string, to: string): NetworkLink {
    const host = this.#host(from);
    let link = host.links.get(to);
    if (link === undefined) {
      link = new NetworkLink(this.#state, host, this.#host(to));
      host.links.set(to, link);
    }
    return link;
  }

  #countLosses(): void {
    let arrivingShare = 1;
    for (const share of this.#losses) arrivingShare *= 1 - share;
    this.#state.lossShare = 1 - arrivingShare;
  }
}

function endAll(ends: readonly (() => void)[]): () => void {
  return once(() => {
    for (const end of ends) end();
  });
}
