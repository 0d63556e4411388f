/** Random histories of one key at three nodes, told twice: by the code, and by plain sets of events
 *  that know nothing of dots, vectors or epochs. After every step both must say the same about what
 *  is there and what was seen. */
import fc from 'fast-check';
import { expect } from 'vitest';
import {
  type CausalContext,
  covers,
  EMPTY_CONTEXT,
} from '../../../src/core/version/causal-context.ts';
import type { Dot } from '../../../src/core/version/dot.ts';
import {
  contextOf,
  EMPTY_RECORD,
  mergeRecords,
  type VersionedRecord,
} from '../../../src/core/version/record.ts';
import { ReplicaNode, textOf } from './replicas.ts';

/** Ids of writes. */
interface Model {
  readonly seen: ReadonlySet<number>;
  readonly alive: ReadonlySet<number>;
}

const NOTHING: Model = { seen: new Set(), alive: new Set() };

function mergeModels(a: Model, b: Model): Model {
  const survivors = [...a.alive, ...b.alive].filter(
    (id) => (a.alive.has(id) || !a.seen.has(id)) && (b.alive.has(id) || !b.seen.has(id)),
  );
  return { seen: new Set([...a.seen, ...b.seen]), alive: new Set(survivors) };
}

/** What a client holds: the code's context, and the writes it has been shown. */
interface Held {
  readonly context: CausalContext;
  readonly seen: ReadonlySet<number>;
}

export type Step =
  | {
      readonly kind: 'write';
      readonly node: number;
      /** 'held' picks a context of an earlier reply, `pick` says which. */
      readonly from: 'nothing' | 'get' | 'held';
      readonly pick: number;
      readonly overwrite: boolean;
      readonly skip: number;
    }
  | { readonly kind: 'send'; readonly from: number; readonly to: number }
  | { readonly kind: 'late'; readonly pick: number; readonly to: number }
  | { readonly kind: 'lose'; readonly node: number }
  | { readonly kind: 'unreadable'; readonly node: number };

const node = fc.nat(2);
const pick = fc.nat(1_000);
export const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      node,
      from: fc.constantFrom('nothing' as const, 'get' as const, 'held' as const, 'held' as const),
      pick,
      overwrite: fc.nat(9).map((number) => number === 0),
      skip: fc.nat(3),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('send' as const), from: node, to: node }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('late' as const), pick, to: node }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose' as const), node }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unreadable' as const), node }) },
);

export class History {
  readonly #nodes = [new ReplicaNode(0), new ReplicaNode(1), new ReplicaNode(2)];
  readonly #models = [NOTHING, NOTHING, NOTHING];
  readonly #held: Held[] = [{ context: EMPTY_CONTEXT, seen: new Set() }];
  /** Every record that ever was, as it may still travel. */
  readonly #sent: { readonly record: VersionedRecord; readonly model: Model }[] = [];
  readonly #dots: Dot[] = [];
  /** Per write, what its client had seen. */
  readonly #pasts: ReadonlySet<number>[] = [];

  run(step: Step): void {
    switch (step.kind) {
      case 'write':
        this.#write(step);
        break;
      case 'send':
        this.#deliver(this.#nodes[step.from]!.get(), this.#models[step.from]!, step.to);
        break;
      case 'late': {
        const sent = this.#sent[step.pick % Math.max(1, this.#sent.length)];
        if (sent !== undefined) this.#deliver(sent.record, sent.model, step.to);
        break;
      }
      case 'lose':
      case 'unreadable': {
        const lost = this.#nodes[step.node]!;
        lost.record = undefined;
        lost.isReadable = step.kind === 'lose';
        lost.raiseFloor();
        this.#models[step.node] = NOTHING;
      }
    }
    this.#check();
  }

  /** All records there ever were, merged in this order: what is left is what no other write has
   *  seen. */
  checkSurvivors(order: readonly number[]): void {
    let record = EMPTY_RECORD;
    for (const index of order) {
      const sent = this.#sent[index % Math.max(1, this.#sent.length)];
      if (sent !== undefined) record = mergeRecords(record, sent.record).record;
    }
    for (const sent of this.#sent) record = mergeRecords(record, sent.record).record;
    const maximal = this.#dots
      .map((_, id) => id)
      .filter((id) => !this.#pasts.some((past) => past.has(id)));
    expect(idsOf(record)).toEqual(maximal);
  }

  #write(step: Step & { readonly kind: 'write' }): void {
    const target = this.#nodes[step.node]!;
    const local = this.#models[step.node]!;
    const given = this.#contextFor(step);
    const id = this.#dots.length;
    target.tick += step.skip * 4_096;
    const outcome = target.put(String(id), given.context, { overwrite: step.overwrite });
    const dropped = new Set(step.overwrite ? [...given.seen, ...local.seen] : given.seen);
    const alive = new Set([...local.alive].filter((other) => !dropped.has(other)).concat(id));
    const seen = new Set([...local.seen, ...given.seen, id]);
    this.#models[step.node] = { seen, alive };
    this.#dots.push(outcome.dot);
    this.#pasts.push(dropped);
    const shown = alive.size === 1 ? seen : new Set([...given.seen, id]);
    this.#held.push({ context: outcome.replyContext, seen: shown });
    this.#sent.push({ record: target.get(), model: this.#models[step.node]! });
  }

  #contextFor(step: Step & { readonly kind: 'write' }): Held {
    const from = step.pick % 3;
    if (step.from === 'get') {
      return { context: this.#nodes[from]!.context(), seen: this.#models[from]!.seen };
    }
    return this.#held[step.from === 'nothing' ? 0 : step.pick % this.#held.length]!;
  }

  #deliver(record: VersionedRecord, model: Model, to: number): void {
    this.#nodes[to]!.receive(record);
    this.#models[to] = mergeModels(this.#models[to]!, model);
    this.#sent.push({ record: this.#nodes[to]!.get(), model: this.#models[to]! });
  }

  #check(): void {
    for (const [index, { record }] of this.#nodes.entries()) {
      const model = this.#models[index]!;
      expect(idsOf(record ?? EMPTY_RECORD)).toEqual([...model.alive].sort((a, b) => a - b));
      this.#checkSeen(contextOf(record ?? EMPTY_RECORD), model.seen);
    }
    const last = this.#held.at(-1)!;
    this.#checkSeen(last.context, last.seen);
  }

  #checkSeen(context: CausalContext, seen: ReadonlySet<number>): void {
    const covered = this.#dots.flatMap((dot, id) => (covers(context, dot) ? [id] : []));
    expect(covered).toEqual([...seen].sort((a, b) => a - b));
  }
}

function idsOf(record: VersionedRecord): number[] {
  return record.siblings.map((sibling) => Number(textOf(sibling.value))).sort((a, b) => a - b);
}
