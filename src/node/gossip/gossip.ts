/** Who is there and how is each: carries the rules of membership out over streams and timers.
 *  Each round this node's heartbeat rises and a few others are asked what they know; what changed
 *  is told sooner; what the detector wants to know is asked by probes; what it concludes is shown
 *  to the other rooms, logged and told to whoever embeds the node, once.
 *  Invariants: the generation that is gossiped is durable; no data request waits for gossip, nor
 *  gossip for one; every list is bounded by the table, the channels or a constant here.
 *  Not here: the rules (core/membership), streams (channels.ts), who acts on a state (link,
 *  coordinator, session).
 *  Source: ARCHITECTURE 5.10; Das, Gupta, Motivala 2002 (SWIM); Dadgar et al. 2018 (Lifeguard). */
import { Alarm } from '../../core/alarm.ts';
import { bytesToHex } from '../../core/bytes.ts';
import { CoterieError } from '../../core/errors.ts';
import { ClockOffsets } from '../../core/membership/clock-offset.ts';
import { type DetectorAction, FailureDetector } from '../../core/membership/failure-detector.ts';
import { GossipExchange, type Heard } from '../../core/membership/gossip-exchange.ts';
import {
  GOSSIP_ROUNDS_DEFAULTS,
  type GossipCandidates,
  GossipRounds,
} from '../../core/membership/gossip-rounds.ts';
import type { GossipDigest } from '../../core/membership/member-digest.ts';
import { MemberTable, type OwnChange } from '../../core/membership/member-table.ts';
import type { MemberState } from '../../core/membership/member-watch.ts';
import { NewsQueue } from '../../core/membership/news-queue.ts';
import type { FrameStream, StreamClosed, StreamHandlers } from '../../env/transport.ts';
import type { GossipFrame, GossipPeer } from '../../wire/gossip-codec.ts';
import type { KnownMember, Members, PeerSigns, Place } from '../contracts.ts';
import { Announcements } from './announcements.ts';
import { Channels } from './channels.ts';
import { Errands } from './errands.ts';
import { Findings } from './findings.ts';
import type { GossipChannel } from './gossip-channel.ts';
import type { GossipEnvironment, GossipOptions, GossipParts } from './gossip-parts.ts';
import { MemberView } from './member-view.ts';
import { OutsiderLog } from './outsider-log.ts';
import { OwnLife } from './own-life.ts';
import { Prober } from './prober.ts';
import { WatchList } from './watch-list.ts';

/** A copy of a folder that runs beside the original is found sooner. */
const SETTLED_MS = 30_000;
const EXCHANGES_MAX = 0xffff_ffff;

export class Gossip implements Members, PeerSigns {
  readonly #env: GossipEnvironment;
  readonly #options: GossipOptions;
  readonly #table: MemberTable;
  readonly #news = new NewsQueue();
  readonly #exchange: GossipExchange;
  readonly #rounds: GossipRounds;
  readonly #detector: FailureDetector;
  readonly #offsets = new ClockOffsets();
  readonly #view: MemberView;
  readonly #channels: Channels;
  readonly #prober: Prober;
  readonly #errands: Errands;
  readonly #findings: Findings;
  readonly #watches: WatchList;
  readonly #announcements: Announcements;
  readonly #life: OwnLife;
  readonly #outsider: OutsiderLog;
  readonly #seeds: Set<string>;
  /** Of the members of the layout. */
  #names: ReadonlySet<string> = new Set();
  readonly #beatAlarm: Alarm;
  readonly #roundAlarm: Alarm;
  readonly #flushAlarm: Alarm;
  readonly #startedMs: number;
  #exchanges = 0;
  #isRunning = false;

  constructor(env: GossipEnvironment, parts: GossipParts, options: GossipOptions) {
    const { own } = parts;
    this.#env = env;
    this.#options = options;
    this.#startedMs = env.deadlines.nowMs();
    this.#seeds = new Set(options.seeds);
    this.#table = new MemberTable(own);
    this.#exchange = new GossipExchange(this.#table, this.#news);
    this.#rounds = new GossipRounds(() => env.random.float());
    this.#detector = new FailureDetector(options.detector, own, env.random, env.deadlines.nowMs());
    this.#view = new MemberView({
      table: this.#table,
      detector: this.#detector,
      offsets: this.#offsets,
    });
    this.#channels = new Channels(env, {
      own: () => this.#self(),
      greeted: (peer, channel) => this.#greeted(peer, channel),
      heard: (frame, peer, channel) => this.#heardFrame(frame, peer, channel),
      refused: (error, channel, by) => this.#refusedStream(error, channel, by),
      closed: (reason, channel, isOwnWish) => this.#closed(reason, channel, isOwnWish),
    });
    this.#prober = new Prober(env, () => this.#self());
    this.#errands = new Errands(env.deadlines, {
      detector: this.#detector,
      prober: this.#prober,
      timeoutMs: options.detector.probe.directTimeoutMs,
      addressOf: (id) => this.#table.record(id)?.address,
      channelTo: (address) => this.#channels.to(address),
      concluded: () => this.#view.refresh(),
    });
    this.#findings = new Findings(env.log, {
      ownId: own.id,
      isSettled: () => env.deadlines.nowMs() - this.#startedMs > SETTLED_MS,
      mustStop: parts.mustStop,
    });
    this.#watches = new WatchList({
      table: this.#table,
      detector: this.#detector,
      view: this.#view,
      offsets: this.#offsets,
      findings: this.#findings,
      isNamed: (name) => this.#names.has(name),
    });
    this.#outsider = new OutsiderLog(env.log, { table: this.#table, seeds: this.#seeds });
    this.#announcements = new Announcements(env, parts.told);
    this.#beatAlarm = new Alarm(env.deadlines, () => this.#beat());
    this.#roundAlarm = new Alarm(env.deadlines, () => {
      this.#round(this.#rounds.nextPeers(this.#candidates()));
    });
    this.#flushAlarm = new Alarm(env.deadlines, () => this.#flush());
    this.#life = new OwnLife(env, {
      table: this.#table,
      offsets: this.#offsets,
      members: () => this.#view.records(),
      saveGeneration: parts.saveGeneration,
      clockConfirmed: parts.clockConfirmed,
      changed: () => this.#tellOwn(),
    });
    this.#news.add(own.id);
    this.#view.index();
    this.#view.refresh();
  }

  stateOf(nodeIndex: number): MemberState {
    return this.#view.stateOf(nodeIndex);
  }

  addressOf(nodeIndex: number): string | undefined {
    return this.#view.addressOf(nodeIndex);
  }

  list(): readonly KnownMember[] {
    return this.#view.list(this.#env.deadlines.nowMs());
  }

  /** Why this node belongs to no cluster, while it does not. */
  outsideReason(): string {
    return this.#outsider.advice().text;
  }

  onChange(listener: () => void): () => void {
    return this.#view.onChange(listener);
  }

  /** Begins to speak; this node must be listening. */
  start(): void {
    this.#isRunning = true;
    this.#beat();
    this.#round(this.#rounds.firstPeers(this.#candidates()));
  }

  stop(): void {
    this.#isRunning = false;
    for (const alarm of [this.#beatAlarm, this.#roundAlarm, this.#flushAlarm]) alarm.stop();
    this.#life.stop();
    this.#channels.stop();
    this.#prober.stop();
  }

  accept(stream: FrameStream): StreamHandlers {
    return this.#channels.accept(stream);
  }

  /** This node has its place now. Where the layout says that members are is tried at once, and when
   *  gossip knows nobody. */
  joined({ ring, nodeIndex }: Place): void {
    const { layout, hash } = ring;
    for (const role of layout.roles) this.#seeds.add(role.address);
    this.#names = new Set(layout.roles.map(({ name }) => name));
    const clusterId = bytesToHex(layout.clusterId);
    this.#channels.leaveOthers(clusterId);
    this.updateOwn({
      clusterId,
      nodeIndex,
      layoutVersion: layout.version,
      layoutHash: bytesToHex(hash),
    });
    if (this.#isRunning) this.#round(this.#rounds.firstPeers(this.#candidates()));
  }

  /** This node has something new to say of itself. */
  updateOwn(change: OwnChange): void {
    this.#life.update(change);
  }

  heard(nodeIndex: number): void {
    const id = this.#view.idOf(nodeIndex);
    if (id === undefined) return;
    const before = this.#detector.stateOf(id);
    this.#detector.evidence(id, this.#env.deadlines.nowMs(), 'direct');
    const state = this.#detector.stateOf(id);
    if (state !== before) this.#view.refresh();
    // Only word of a later start ends DOWN. One that speaks is asked for it, so that the links of a
    // member that is back are used before the next round.
    const address = this.#view.addressOf(nodeIndex);
    if (state === 'DOWN' && address !== undefined) this.#ask(address, this.#exchange.digest());
  }

  answersAt(nodeIndex: number, address: string): Promise<boolean> {
    const id = this.#isRunning ? this.#view.idOf(nodeIndex) : undefined;
    return id === undefined ? Promise.resolve(false) : this.#errands.isAt(id, address);
  }

  refused(nodeIndex: number): void {
    this.#refusedBy(this.#view.idOf(nodeIndex));
  }

  #self(): GossipPeer {
    const { protocol, clusterId, id, generation, address } = this.#table.own;
    return { protocol, clusterId, id, generation, address };
  }

  #candidates(): GossipCandidates {
    return this.#view.candidates(this.#seeds);
  }

  #round(peers: readonly string[]): void {
    this.#roundAlarm.set(this.#rounds.pauseMs());
    const nowMs = this.#env.deadlines.nowMs();
    this.#table.beat();
    this.#life.weighClock();
    this.#channels.sweep(nowMs);
    this.#watches.forgetGhosts(nowMs);
    const digest = this.#exchange.digest();
    for (const address of peers) this.#ask(address, digest);
  }

  #ask(address: string, digest: GossipDigest): void {
    if (!this.#isRunning) return;
    const opening = {
      number: this.#nextExchange(),
      digest,
      sentMs: this.#env.deadlines.nowMs(),
    };
    this.#channels.to(address).open(opening, this.#exchange.open(digest));
  }

  #beat(): void {
    this.#beatAlarm.set(this.#options.detector.localPause.beatMs);
    const nowMs = this.#env.deadlines.nowMs();
    const { actions, events, pauseMs } = this.#detector.tick(nowMs);
    if (pauseMs > 0) this.#env.log.warn('node-paused', { pauseMs: Math.round(pauseMs) });
    for (const action of actions) this.#act(action);
    this.#watches.weighNamesakes(nowMs);
    this.#outsider.weigh();
    this.#view.refresh();
    for (const { kind, id } of events) this.#announcements.announce(kind, this.#view.standing(id));
  }

  #act(action: DetectorAction): void {
    switch (action.kind) {
      case 'probe':
        this.#errands.probe(action.id);
        return;
      case 'ask':
        this.#errands.ask(action, () => this.#nextExchange());
        return;
      case 'accuse':
        if (this.#table.accuse(action.accusation)) this.#news.add(action.accusation.about);
        this.#flushSoon();
        return;
      case 'refute':
        this.#life.answer();
    }
  }

  #flushSoon(): void {
    if (this.#news.size > 0) this.#flushAlarm.set(GOSSIP_ROUNDS_DEFAULTS.flushMs);
  }

  #flush(): void {
    const peers = this.#rounds.newsPeers(this.#candidates());
    for (const address of peers) {
      const push = this.#exchange.push();
      if (push === undefined) break;
      this.#channels.to(address).send(this.#nextExchange(), push);
    }
    // News that nobody is there to hear wait for a round.
    if (peers.length > 0) this.#flushSoon();
  }

  #greeted(peer: GossipPeer, channel: GossipChannel): void {
    const { own } = this.#table;
    const isSelf = peer.id === own.id && peer.address === own.address;
    if (isSelf && peer.generation <= own.generation) {
      // A seed may be this node itself, under another of its addresses. The side that dialled it
      // knows which.
      if (channel.address === '') return;
      this.#seeds.delete(channel.address);
      channel.close('This node has dialled itself');
      return;
    }
    if (peer.protocol !== own.protocol) {
      throw new CoterieError(
        'VERSION_UNSUPPORTED',
        `${peer.address} speaks protocol ${peer.protocol}, this node ${own.protocol}`,
      );
    }
    const finding = this.#table.meet(peer);
    if (finding !== undefined) this.#findings.met(finding);
  }

  #heardFrame(frame: GossipFrame, peer: GossipPeer, channel: GossipChannel): void {
    if (!this.#isRunning) return;
    const { content, exchange } = frame;
    const nowMs = this.#env.deadlines.nowMs();
    this.#detector.evidence(peer.id, nowMs, 'direct');
    const wallMs = this.#env.clock.wallMs();
    switch (content?.kind) {
      case 'open':
        this.#note(this.#exchange.hearOpen(content, wallMs), exchange, channel);
        break;
      case 'reply': {
        const opened = channel.answered(exchange);
        if (opened === undefined) break;
        if (this.#view.isJudged(peer.id)) {
          const { sentMs } = opened;
          const peerWallMs = frame.wallMs;
          this.#offsets.note(peer.id, { sentMs, receivedMs: nowMs, ownWallMs: wallMs, peerWallMs });
        }
        this.#note(this.#exchange.hearReply(opened.digest, content, wallMs), exchange, channel);
        break;
      }
      case 'delta':
        this.#note(this.#exchange.hearDelta(content, wallMs), exchange, channel);
        break;
      case 'probe':
        this.#errands.run(content, exchange, channel, this.#table.ownId);
        break;
      case 'probe-result':
        this.#errands.reported(exchange, peer.id, content.outcome);
        break;
      default:
    }
    this.#view.refresh();
  }

  /** What an exchange has taught this node. */
  #note(heard: Heard, exchange: number, channel: GossipChannel): void {
    const { changed, advanced, findings, answer, isAccused } = heard;
    if (answer !== undefined) channel.send(exchange, answer);
    const nowMs = this.#env.deadlines.nowMs();
    if (changed.length > 0) {
      this.#watches.changed(changed, nowMs);
      for (const id of changed) this.#life.outlive(this.#table.record(id));
      this.#flushSoon();
    }
    for (const id of advanced) this.#detector.evidence(id, nowMs, 'relayed');
    for (const finding of findings) this.#findings.found(finding);
    if (isAccused) this.#life.answer();
  }

  #tellOwn(): void {
    this.#news.add(this.#table.ownId);
    this.#watches.changed([], this.#env.deadlines.nowMs());
    this.#flushSoon();
  }

  #closed(reason: StreamClosed, channel: GossipChannel, isOwnWish: boolean): void {
    const { address, peer } = channel;
    if (!this.#isRunning || isOwnWish || address === '') return;
    const id = peer?.id ?? this.#view.idAt(address);
    if (id === undefined) return;
    if (reason.isNobodyThere === true) this.#refusedBy(id);
    // It was there until now: is it gone, or only the stream?
    else if (peer !== undefined) this.#errands.probe(id);
  }

  #refusedBy(id: string | undefined): void {
    if (id === undefined || !this.#isRunning) return;
    this.#detector.refused(id, this.#env.deadlines.nowMs());
    this.#view.refresh();
  }

  #refusedStream(error: CoterieError, channel: GossipChannel, by: 'this-node' | 'peer'): void {
    const { code } = error;
    // Why this node does not take somebody has been found and told.
    if (by === 'this-node' && (code === 'CLUSTER_MISMATCH' || code === 'CONFLICT')) return;
    this.#findings.refused(channel.address || (channel.peer?.address ?? 'unknown'), error);
  }

  #nextExchange(): number {
    this.#exchanges = this.#exchanges === EXCHANGES_MAX ? 1 : this.#exchanges + 1;
    return this.#exchanges;
  }
}
