/** Who breaks things? Carries out the fault steps of a scenario at their times.
 *  Invariants: a step acts in an event of its own; it does what it says whatever the other steps do
 *  (a crash of a node that is down changes nothing), so that leaving one out changes no other; all
 *  that lasts is ended by itself, or by healing the cluster.
 *  Not here: drawing steps (plan-faults.ts), whether they are fair (atlas.ts). */
import type { SimCluster } from '../cluster/sim-cluster.ts';
import type { SimNode } from '../cluster/sim-node.ts';
import { keyOfRow } from '../cluster/stored-records.ts';
import type { Scheduled } from '../kernel/kernel.ts';
import type { FaultKind, FaultStep, UnsyncedFate } from '../scenario.ts';
import { ROLLBACK_AGE_MIN_MS } from './atlas.ts';
import { isTurnOf } from './turns.ts';

type StepOf<Kind extends FaultKind> = Extract<FaultStep, { readonly kind: Kind }>;

const US_PER_MS = 1_000;
/** Share of crashes that wait for a batch to be on its way to the disk, how long they wait for it,
 *  and within which time after its start they come. */
const WHILE_WRITING_SHARE = 0.8;
const WRITE_WAIT_US = 300_000;
/** Share of those that wait for a batch which is not synced, and for how long: such a batch is
 *  rare, and what the node says of it is easily said too early. */
const WHILE_UNSYNCED_SHARE = 0.3;
const UNSYNCED_WAIT_US = 1_000_000;
const WRITING_US = 4_000;
/** After a power loss machines come back within this time of each other. */
const POWER_SPREAD_MS = 500;

export class Nemesis {
  readonly #cluster: SimCluster;
  readonly #steps: readonly FaultStep[];
  readonly #counts = new Map<FaultKind, number>();
  readonly #waiting = new Set<Scheduled>();
  #isStopped = false;

  constructor(cluster: SimCluster, steps: readonly FaultStep[] = cluster.scenario.faults) {
    this.#cluster = cluster;
    this.#steps = steps;
  }

  /** Times of steps count from now on. */
  start(): void {
    for (const step of this.#steps) {
      this.#later(step.atMs * US_PER_MS, step, () => this.#due(step));
    }
  }

  /** No further step begins; those that last go on until the cluster is healed. */
  stop(): void {
    this.#isStopped = true;
    for (const event of this.#waiting) event.cancel();
    this.#waiting.clear();
  }

  /** Steps that had an effect, by kind. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  /** Most crashes come while a batch is being written: there is what they can spoil. */
  #due(step: FaultStep): void {
    if (step.kind !== 'crash' && step.kind !== 'power-loss') {
      this.carryOut(step);
      return;
    }
    const draws = this.#cluster.kernel.stream(`nemesis ${step.kind} ${step.atMs}`);
    const struck = step.kind === 'crash' ? step.node : draws.below(this.#cluster.nodes.length);
    if (!draws.chance(WHILE_WRITING_SHARE)) {
      this.carryOut(step);
      return;
    }
    const afterUs = draws.between(0, WRITING_US);
    const strike = (delayUs: number): void => {
      callOff();
      patience.cancel();
      this.#later(delayUs, step, () => this.carryOut(step));
    };
    const unsyncedOnly = draws.chance(WHILE_UNSYNCED_SHARE);
    const callOff = this.#cluster.node(struck).onNextWrite(() => strike(afterUs), unsyncedOnly);
    const waitUs = unsyncedOnly ? UNSYNCED_WAIT_US : WRITE_WAIT_US;
    const patience = this.#later(waitUs, step, () => strike(0));
  }

  /** Unless it is stopped before. */
  #later(delayUs: number, step: FaultStep, act: () => void): Scheduled {
    const event = this.#cluster.kernel.schedule(delayUs, `nemesis ${step.kind}`, () => {
      this.#waiting.delete(event);
      if (!this.#isStopped) act();
    });
    this.#waiting.add(event);
    return event;
  }

  /** Now; to be called from an event of its own. */
  carryOut(step: FaultStep): void {
    const text = this.#act(step);
    if (text === undefined) return;
    this.#counts.set(step.kind, (this.#counts.get(step.kind) ?? 0) + 1);
    this.#cluster.note(step.kind, text, this.#struckBy(step), this.#sidesOf(step));
  }

  /** What it did, in words; undefined when there was nothing to do it to. */
  #act(step: FaultStep): string | undefined {
    switch (step.kind) {
      case 'partition':
        return this.#partition(step);
      case 'clog':
        return this.#clog(step);
      case 'loss':
        this.#lasts(step, 'frames are lost no more', this.#cluster.network.lose(step.share));
        return `${percent(step.share)} of all frames are lost for ${step.forMs} ms`;
      case 'delay': {
        const { name, address } = this.#node(step);
        const end = this.#cluster.network.delay(address, step.byMs);
        this.#lasts(step, `${name} is as far away as before`, end);
        return `${name} is ${step.byMs} ms further away for ${step.forMs} ms`;
      }
      case 'reset':
        return this.#reset(step);
      case 'replay': {
        const { name, address } = this.#node(step);
        const isDone = this.#cluster.network.replay(address, step.connection);
        return isDone ? `${name} is sent an old link connection again` : undefined;
      }
      case 'crash':
        return this.#kill(step, step.unsynced);
      case 'restart':
        return this.#restart(step);
      case 'power-loss':
        return this.#powerLoss(step);
      case 'wipe':
      case 'rollback':
      case 'lost-batch':
      case 'bit-rot':
      case 'bad-block':
        return this.#lose(step);
      case 'disk-losses-in-turn': {
        const { name } = this.#node(step);
        if (!isTurnOf(name, this.#cluster)) return undefined;
        return this.#lose({ ...step, kind: step.loss, ageMs: ROLLBACK_AGE_MIN_MS });
      }
      case 'read-errors':
      case 'failed-sync':
      case 'disk-full':
      case 'disk-stall':
        return this.#spoilDisk(step);
      case 'pause':
        return this.#pause(step);
      case 'slow-node': {
        const node = this.#node(step);
        this.#lasts(step, `${node.name} is as fast as before`, node.slow(step.perStepUs));
        return `each step of ${node.name} takes ${step.perStepUs} us for ${step.forMs} ms`;
      }
      case 'clock-jump': {
        const node = this.#node(step);
        node.jump(step.byMs);
        return `the wall clock of ${node.name} jumps by ${step.byMs} ms`;
      }
    }
  }

  #partition(step: StepOf<'partition'>): string {
    const [first, other] = step.groups.map((group) =>
      group.map((index) => this.#cluster.addressOf(index)),
    );
    const end = this.#cluster.network.partition(first ?? [], other ?? [], step.isOneWay);
    const groups = `${first?.join(' ')} ${step.isOneWay ? 'to' : 'and'} ${other?.join(' ')}`;
    this.#lasts(step, `frames pass from ${groups} again`, end);
    return `nothing passes from ${groups} for ${step.forMs} ms`;
  }

  #clog(step: StepOf<'clog'>): string {
    const links = step.links.map(({ from, to }) => ({
      from: this.#cluster.addressOf(from),
      to: this.#cluster.addressOf(to),
    }));
    const words = links.map(({ from, to }) => `${from} to ${to}`).join(', ');
    this.#lasts(step, `free again: ${words}`, this.#cluster.network.clog(links));
    return `clogged for ${step.forMs} ms: ${words}`;
  }

  #reset(step: StepOf<'reset'>): string {
    const [one, other] = step.between;
    const [from, to] = [this.#cluster.addressOf(one), this.#cluster.addressOf(other)];
    this.#cluster.network.reset(from, to, step.afterDelivery);
    const fate = step.afterDelivery ? 'after' : 'without';
    return `connections between ${from} and ${to} break ${fate} what was on the way`;
  }

  #kill(step: StepOf<'crash'>, fate: UnsyncedFate): string | undefined {
    const node = this.#node(step);
    if (node.state === 'DOWN') return undefined;
    node.crash(fate);
    node.startIn(step.downMs);
    return `${node.name} dies for ${step.downMs} ms, unsynced writes: ${fate}`;
  }

  #restart(step: StepOf<'restart'>): string | undefined {
    const node = this.#node(step);
    if (node.state === 'DOWN') return undefined;
    const started = node.stop().then(() => {
      if (node.state === 'DOWN') node.startIn(step.downMs);
    });
    started.catch((error: unknown) => this.#cluster.bug(error));
    return `${node.name} is stopped cleanly and started again ${step.downMs} ms later`;
  }

  #powerLoss(step: StepOf<'power-loss'>): string {
    const spread = this.#cluster.kernel.stream(`nemesis spread ${step.atMs}`);
    for (const node of this.#cluster.nodes) {
      node.crash(step.unsynced);
      node.startIn(step.downMs + spread.below(POWER_SPREAD_MS));
    }
    return `the power is off for ${step.downMs} ms, unsynced writes: ${step.unsynced}`;
  }

  #lose(
    step: StepOf<'wipe' | 'rollback' | 'lost-batch' | 'bit-rot' | 'bad-block'>,
  ): string | undefined {
    const node = this.#node(step);
    if (step.kind === 'bit-rot' || step.kind === 'bad-block') return this.#spoilRows(step, node);
    node.crash('kept');
    node.startIn(step.downMs);
    switch (step.kind) {
      case 'wipe':
        node.disk.wipe();
        this.#noteLoss(node, 'wipe', 0);
        return `${node.name} dies and comes back with an empty disk ${step.downMs} ms later`;
      case 'rollback': {
        const { intactUntilUs } = node.disk.rollBack(step.ageMs);
        this.#noteLoss(node, 'rollback', intactUntilUs);
        return `${node.name} dies and comes back with its disk of ${step.ageMs} ms ago`;
      }
      case 'lost-batch': {
        const lost = node.disk.loseBatch(step.fromEnd);
        if (lost === undefined) return undefined;
        this.#noteLoss(node, 'lost-batch', lost.intactUntilUs);
        return `${node.name} dies, and a batch ${step.fromEnd} from the end of its log is gone`;
      }
    }
  }

  /** A bad block that nobody has come upon is met when the cluster is healed: as long as it is
   *  there, something is broken. */
  #spoilRows(
    { kind, rows: count }: StepOf<'bit-rot' | 'bad-block'>,
    node: SimNode,
  ): string | undefined {
    const { name, disk } = node;
    const rows = kind === 'bit-rot' ? disk.rot(count) : disk.spoilBlock(count);
    if (rows.length === 0) return undefined;
    const keys = rows.map((row) => keyOfRow(row) ?? '');
    const atUs = this.#cluster.kernel.nowUs;
    this.#cluster.losses.push({ node: name, kind, atUs, intactUntilUs: 0, keys });
    if (kind === 'bit-rot') return `a bit flips on the disk of ${name} in ${keys.join(', ')}`;
    this.#cluster.endAtHealing(() => node.meetBadBlocks());
    return `a block on the disk of ${name} goes bad, with ${keys.join(', ')}`;
  }

  #spoilDisk(
    step: StepOf<'read-errors' | 'failed-sync' | 'disk-full' | 'disk-stall'>,
  ): string | undefined {
    const node = this.#node(step);
    const { name, disk } = node;
    const isWell = `the disk of ${name} is well again`;
    switch (step.kind) {
      case 'read-errors':
        this.#lasts(step, isWell, disk.failReads(step.share));
        return `${percent(step.share)} of the reads of ${name} fail for ${step.forMs} ms`;
      case 'disk-full':
        this.#lasts(step, isWell, disk.fill(step.freeShare));
        return `${percent(step.freeShare)} of the disk of ${name} is free for ${step.forMs} ms`;
      case 'disk-stall':
        this.#lasts(step, isWell, disk.stall(step.byMs));
        return `the disk of ${name} takes ${step.byMs} ms longer for ${step.forMs} ms`;
      case 'failed-sync': {
        if (node.state === 'DOWN') return undefined;
        this.#cluster.endAtHealing(node.failNextSync(step.downMs));
        return `the next sync of ${name} fails; it is down for ${step.downMs} ms then`;
      }
    }
  }

  #pause(step: StepOf<'pause'>): string | undefined {
    const node = this.#node(step);
    if (node.state === 'DOWN') return undefined;
    this.#lasts(step, `${node.name} goes on`, node.pause());
    return `${node.name} stands still for ${step.forMs} ms`;
  }

  #lasts(step: FaultStep & { readonly forMs: number }, text: string, end: () => void): void {
    this.#cluster.endLater(step.forMs, () => {
      end();
      this.#cluster.note(`${step.kind} ends`, text, this.#struckBy(step));
    });
  }

  #noteLoss(
    { name }: SimNode,
    kind: 'wipe' | 'rollback' | 'lost-batch',
    intactUntilUs: number,
  ): void {
    const atUs = this.#cluster.kernel.nowUs;
    this.#cluster.losses.push({ node: name, kind, atUs, intactUntilUs });
  }

  #sidesOf(step: FaultStep): [string[], string[]] | undefined {
    if (step.kind !== 'partition') return undefined;
    const [one, other] = step.groups;
    return [this.#named(one), this.#named(other)];
  }

  /** Names of nodes; clients are nobody's business here. */
  #named(indexes: readonly number[]): string[] {
    const nodes = this.#cluster.nodes.filter(({ index }) => indexes.includes(index));
    return nodes.map(({ name }) => name);
  }

  #struckBy(step: FaultStep): string[] {
    const all = this.#cluster.nodes;
    const named = (indexes: readonly number[]): string[] => this.#named(indexes);
    switch (step.kind) {
      case 'partition':
        return named(step.groups.flat());
      case 'clog':
        return named(step.links.flatMap(({ from, to }) => [from, to]));
      case 'reset':
        return named(step.between);
      case 'replay':
        return named([step.to]);
      case 'loss':
      case 'power-loss':
        return all.map(({ name }) => name);
      default:
        return named([step.node]);
    }
  }

  #node(step: { readonly node: number } | { readonly to: number }): SimNode {
    return this.#cluster.node('node' in step ? step.node : step.to);
  }
}

function percent(share: number): string {
  return `${Math.round(share * 1_000) / 10} %`;
}
