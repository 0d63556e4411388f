/** One machine of the simulated cluster: its disk and its clock, which stay, and the processes of
 *  the database node that come and go on it, one at a time.
 *  Invariants: the node is the one of production, on ports of the simulation; after a crash nothing
 *  of the old process runs (its clock is dead, its store and its streams never answer), and an
 *  attempt to act ends the run; a process that cannot go on ends by itself and is started again
 *  after a drawn pause, as by a supervisor.
 *  Not here: which faults happen when (faults), what was lost by them (sim-cluster.ts). */
import type { Checksum } from '../../core/checksum.ts';
import { CoterieError } from '../../core/errors.ts';
import type { LatencyProfile } from '../../core/pbs/profile.ts';
import { Node } from '../../node/node.ts';
import { ProfileDiskTimes } from '../disk/disk-times.ts';
import { SimDisk } from '../disk/sim-disk.ts';
import { SimStore } from '../disk/sim-store.ts';
import type { DamageEvent, MemberChange, StateChange } from '../history.ts';
import type { Kernel, Scheduled } from '../kernel/kernel.ts';
import { NodeClock } from '../kernel/node-clock.ts';
import type { RandomStream } from '../kernel/random-stream.ts';
import type { SimNetwork } from '../network/sim-network.ts';
import type { ClockModel, LimitsModel, UnsyncedFate } from '../scenario.ts';
import { Life, LivingStore, LivingStream, LivingTransport } from './life.ts';
import { type LogLine, NodeLog, textOfLine } from './node-log.ts';
import { NodeMeter } from './node-meter.ts';
import { addressOf, boundsOf, nodeOptions, withoutHedges } from './node-settings.ts';

export interface SimNodeWorld {
  readonly kernel: Kernel;
  readonly network: SimNetwork;
  readonly checksum: Checksum;
  readonly limits: LimitsModel;
  readonly profile: LatencyProfile | undefined;
  readonly logged: (line: LogLine) => void;
  /** The node says that its state is another now; DOWN: its process is over. */
  readonly entered: (change: StateChange) => void;
  readonly damaged: (event: DamageEvent) => void;
  readonly rebuilt: (node: SimNode, partition: number) => void;
  /** The node has come to another opinion of a member. */
  readonly concluded: (change: MemberChange) => void;
  /** Something happened to the node that no fault step did. */
  readonly noted: (kind: string, text: string, nodes: readonly string[]) => void;
  /** Something that must not be: it ends the run. */
  readonly bug: (error: unknown) => void;
}

/** From the start of a process to its death. */
interface Process {
  readonly number: number;
  readonly life: Life;
  readonly clock: NodeClock;
  readonly node: Node;
  readonly unlisten: () => void;
  readonly ended: Promise<void>;
  readonly markEnded: () => void;
  /** Settles when the node has started, or has failed to. */
  started: Promise<void>;
  isStopping: boolean;
}

interface WriteListener {
  readonly call: () => void;
  readonly unsyncedOnly: boolean;
}

const US_PER_MS = 1_000;
/** After a process that failed; drawn between the two. */
const SUPERVISOR_PAUSE_MS = [200, 3_000] as const;
/** A clean stop that takes longer is ended by force, as supervisors do. */
const STOP_MAX_MS = 10_000;
/** For connections to end, as the server of production gives it. */
const STOP_GRACE_US = 500_000;

/** Rare paths of a repair. */
const REPAIR_EVENTS: ReadonlySet<string> = new Set(['rebuilt', 'unreadable-made-good']);
/** Lines of the log, and what of a member they tell. */
const MEMBER_EVENTS: ReadonlyMap<string, MemberChange['kind']> = new Map([
  ['member-up', 'up'],
  ['member-down', 'down'],
  ['member-flap', 'flap'],
]);

export class SimNode {
  readonly index: number;
  readonly name: string;
  readonly address: string;
  readonly disk: SimDisk;
  readonly meter: NodeMeter;
  readonly log: NodeLog;
  readonly #world: SimNodeWorld;
  readonly #model: ClockModel;
  readonly #supervisor: RandomStream;
  readonly #writeListeners = new Set<WriteListener>();
  readonly #slownesses = new Set<{ readonly us: number }>();
  #offsetMs: number;
  #process: Process | undefined;
  #processCount = 0;
  #ghostCount = 0;
  #start: { readonly event: Scheduled; readonly dueUs: number } | undefined;
  /** Of the supervisor, after the next failure. */
  #pauseAfterFailureMs: number | undefined;

  constructor(world: SimNodeWorld, index: number, clock: ClockModel) {
    this.#world = world;
    this.#model = clock;
    this.#offsetMs = clock.offsetMs;
    this.index = index;
    this.name = `n${index}`;
    this.address = addressOf(this.name);
    this.disk = diskOf(world, this.name);
    this.disk.onDamage((kind) => this.#damaged(kind));
    this.meter = new NodeMeter(this.name, boundsOf(nodeOptions(this.name, world.limits)));
    this.log = new NodeLog(world.kernel, this.name, (line) => this.#logged(line));
    this.#supervisor = world.kernel.stream(`supervisor ${this.name}`);
  }

  /** The present process's; undefined while there is none. */
  get node(): Node | undefined {
    return this.#process?.node;
  }

  get clock(): NodeClock | undefined {
    return this.#process?.clock;
  }

  /** DOWN while there is no process, otherwise what the node says. */
  get state(): string {
    return this.#process?.node.state ?? 'DOWN';
  }

  /** Starts of processes so far. */
  get processCount(): number {
    return this.#processCount;
  }

  /** Attempts of dead processes to act. */
  get ghostCount(): number {
    return this.#ghostCount;
  }

  /** Settles when the node has started, or its process is over; at once when it runs already. */
  async start(): Promise<void> {
    this.#start?.event.cancel();
    this.#start = undefined;
    if (this.#process !== undefined) return;
    const process = this.#begin();
    process.started = process.node.start(this.address).catch((error: unknown) => {
      this.#failed(process, error);
    });
    await Promise.race([process.started, process.ended]);
  }

  /** Starts after so many milliseconds; of several such wishes the latest one counts. */
  startIn(delayMs: number): void {
    const { kernel } = this.#world;
    const dueUs = kernel.nowUs + delayMs * US_PER_MS;
    if (this.#start !== undefined && this.#start.dueUs >= dueUs) return;
    this.#start?.event.cancel();
    const event = kernel.schedule(delayMs * US_PER_MS, this.name, () => {
      this.start().catch(this.#world.bug);
    });
    this.#start = { event, dueUs };
  }

  /** Cleanly, as by SIGTERM. Settles when the process is over. */
  async stop(): Promise<void> {
    const process = this.#process;
    if (process === undefined) return;
    if (!process.isStopping) await this.#stop(process);
    else await process.ended;
  }

  /** As kill -9, and what the fate says of unsynced writes. To be called from an event of its own,
   *  never from within a step of this very node. */
  crash(fate: UnsyncedFate): void {
    if (this.#process !== undefined) this.#end(this.#process);
    this.disk.crash(fate);
  }

  /** Calls back once, within the step in which the node hands its next batch to the disk; with
   *  `unsyncedOnly` the next one that is not to be synced. Returns what calls it off. */
  onNextWrite(call: () => void, unsyncedOnly = false): () => void {
    const listener = { call, unsyncedOnly };
    this.#writeListeners.add(listener);
    return () => this.#writeListeners.delete(listener);
  }

  /** The process stands still until the function returned is called. */
  pause(): () => void {
    const clock = this.#process?.clock;
    clock?.pause();
    return () => clock?.resume();
  }

  /** Every step takes so much longer until the function returned is called, also of processes that
   *  start meanwhile; of several the worst counts. */
  slow(perStepUs: number): () => void {
    const slowness = { us: perStepUs };
    this.#slownesses.add(slowness);
    this.#process?.clock.slow(this.#slowestUs);
    return () => {
      this.#slownesses.delete(slowness);
      this.#process?.clock.slow(this.#slowestUs);
    };
  }

  /** Of the machine's wall clock: later processes see it too. */
  jump(byMs: number): void {
    this.#offsetMs += byMs;
    this.#process?.clock.jump(byMs);
  }

  /** The next fsync fails, and with it the process; it is started again `downMs` later. The
   *  function returned calls it off if it has not happened. */
  failNextSync(downMs: number): () => void {
    this.#pauseAfterFailureMs = downMs;
    return this.disk.failNextSync();
  }

  /** Whatever of its disk is bad is found at last, as the engine's own housekeeping would: the
   *  process dies of it, unless it knows and has to end by itself. To be called as `crash`. */
  meetBadBlocks(): void {
    const { blocks } = this.disk;
    if (blocks.isEmpty || blocks.wasMet) return;
    if (blocks.isKnown && this.#process?.isStopping === false) return;
    this.disk.noteDamage('met');
    if (this.#process !== undefined) this.#abort(this.#process);
  }

  get #slowestUs(): number {
    return Math.max(0, ...[...this.#slownesses].map(({ us }) => us));
  }

  #begin(): Process {
    const { kernel, network, checksum, limits, profile } = this.#world;
    this.#processCount += 1;
    const name = `${this.name}#${this.#processCount}`;
    const clock = new NodeClock(kernel, this.name, {
      offsetMs: this.#offsetMs,
      driftPpm: this.#model.driftPpm,
    });
    clock.slow(this.#slowestUs);
    const abort = (): void => this.#abort(process);
    const life = new Life(name, (error) => {
      this.#ghostCount += 1;
      this.#world.bug(error);
    });
    this.meter.begin();
    const options = nodeOptions(this.name, limits);
    const node = new Node(
      {
        store: new LivingStore(new SimStore(kernel, clock, this.disk, abort), life, (sync) =>
          this.#writes(sync),
        ),
        transport: new LivingTransport(network.transport(this.address, clock), life),
        clock,
        random: kernel.stream(`product ${name}`),
        checksum,
        log: this.log,
        metrics: this.meter,
      },
      profile === undefined ? options : withoutHedges(options),
    );
    const unlisten = network.listen(this.address, clock, (service, stream) =>
      node.accept(service, new LivingStream(stream, life)),
    );
    const { promise: ended, resolve: markEnded } = makeSignal();
    const number = this.#processCount;
    const started = Promise.resolve();
    const state = { started, isStopping: false };
    const process: Process = { number, life, clock, node, unlisten, ended, markEnded, ...state };
    node.onFailed((error) => this.#failed(process, error));
    this.#process = process;
    return process;
  }

  /** The process cannot go on: it stops as well as it can and is started again. */
  #failed(process: Process, error: unknown): void {
    if (process.isStopping || process.life.isOver) return;
    if (!(error instanceof CoterieError) || error.code === 'ASSERTION_FAILED') {
      this.#world.bug(error);
      return;
    }
    const text = `${this.name} ends itself: ${error.message}`;
    this.#world.noted('node-failed', text, [this.name]);
    this.#entered('FAILED', error.message);
    this.meter.count(`node failed ${error.code}`);
    if (error.details['isStuck'] === true) this.meter.count('node gave its disk up');
    const pauseMs = this.#pauseAfter(error);
    this.#stop(process).then(() => this.startIn(pauseMs), this.#world.bug);
  }

  /** `coterie start` itself begins anew what may begin anew; the rest is left to a supervisor. */
  #pauseAfter(error: CoterieError): number {
    if (error.details['startsAnew'] === true) {
      this.#damaged('ended');
      return 0;
    }
    const pauseMs = this.#pauseAfterFailureMs ?? this.#supervisor.between(...SUPERVISOR_PAUSE_MS);
    this.#pauseAfterFailureMs = undefined;
    return pauseMs;
  }

  /** The process dies of what it has just done. Whoever was stopping it goes on as after a stop. */
  #abort(process: Process): void {
    if (process.life.isOver) return;
    const text = `${this.name} dies of a bad block on its disk`;
    this.#world.noted('node-aborted', text, [this.name]);
    this.meter.count('node aborted');
    this.#end(process);
    this.disk.crash('kept');
    if (!process.isStopping) this.startIn(this.#supervisor.between(...SUPERVISOR_PAUSE_MS));
  }

  #damaged(kind: DamageEvent['kind']): void {
    this.#world.damaged({ atUs: this.#world.kernel.nowUs, node: this.name, kind });
  }

  async #stop(process: Process): Promise<void> {
    const { kernel } = this.#world;
    process.isStopping = true;
    // A signal during the start is obeyed after it.
    const stopped = process.started.then(() => process.node.stop()).then(() => 'stopped');
    const late = kernel.after(STOP_MAX_MS * US_PER_MS, this.name).then(() => 'late');
    const outcome = await Promise.race([stopped, late, process.ended]);
    // What was sent last goes out before the process is gone.
    await kernel.after(outcome === 'stopped' ? STOP_GRACE_US : 0, this.name);
    if (process.life.isOver) return;
    if (outcome === 'late') this.meter.count('stop by force');
    this.#end(process);
    // What the process wrote is safe from its own end, if not from a power loss.
    this.disk.crash('kept');
  }

  #end(process: Process): void {
    process.life.end();
    process.clock.kill();
    process.unlisten();
    this.#world.network.died(this.address);
    this.#process = undefined;
    process.markEnded();
    this.#entered('DOWN', '');
  }

  #writes(sync: boolean): void {
    if (this.#writeListeners.size === 0) return;
    const due = [...this.#writeListeners].filter(({ unsyncedOnly }) => !(sync && unsyncedOnly));
    for (const listener of due) this.#writeListeners.delete(listener);
    for (const { call } of due) call();
  }

  #entered(state: string, reason: string): void {
    this.#world.entered({ atUs: this.#world.kernel.nowUs, node: this.name, state, reason });
  }

  #logged(line: LogLine): void {
    const { event, level, fields } = line;
    if (level === 'warn' || level === 'error') this.meter.count(`log ${event}`);
    if (REPAIR_EVENTS.has(event)) this.meter.count(event);
    if (event === 'standing') this.meter.count(`standing ${fields['state']}`);
    if (event === 'standing' || event === 'node-started') {
      this.#entered(String(fields['state']), String(fields['reason'] ?? ''));
    }
    if (event === 'partition-rebuilt') this.#world.rebuilt(this, Number(fields['partition']));
    const kind = MEMBER_EVENTS.get(event);
    if (kind !== undefined) {
      const { atUs, node } = line;
      this.#world.concluded({ atUs, node, kind, about: String(fields['member']) });
    }
    this.#world.logged(line);
  }

  /** One line for assertions and reports. */
  describe(): string {
    const last = this.log.lines.at(-1);
    const said = last === undefined ? 'nothing yet' : textOfLine(last);
    return `${this.name}#${this.#processCount} ${this.state}, last said: ${said}`;
  }
}

function diskOf({ kernel, profile }: SimNodeWorld, name: string): SimDisk {
  if (profile === undefined) return new SimDisk(kernel, name);
  return new SimDisk(kernel, name, { times: new ProfileDiskTimes(kernel, name, profile) });
}

function makeSignal(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let settle = (): void => {};
  const promise = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return { promise, resolve: () => settle() };
}
