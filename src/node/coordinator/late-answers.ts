/** What replicas answer once a read has all that it needs: compared with its result, and whoever
 *  turns out to be behind is written to, without anybody waiting for it.
 *  Invariants: a late answer counts toward nothing, neither the read nor its repair; one that is
 *  equal writes nothing; what is not known to be verified is not looked at.
 *  Not here: at which rate (background-repairs.ts), what a strict read waits for
 *  (majority-repair.ts). Source: ARCHITECTURE 4, 5.25. */
import { bytesEqual } from '../../core/bytes.ts';
import { CoterieError } from '../../core/errors.ts';
import type { MergedAnswers } from '../../core/quorum/repair-plan.ts';
import { mergeAnswers } from '../../core/quorum/repair-plan.ts';
import type { ItemHash } from '../../core/version/item-hash.ts';
import { asCoterieError } from '../../wire/error-codec.ts';
import type { PeerResult } from '../contracts.ts';
import type { Repair } from './background-repairs.ts';
import { reportCollisions } from './collisions.ts';
import type { Plan } from './plan.ts';
import { type Asker, Question } from './question.ts';
import { digestOf, isDigest } from './read-digest.ts';
import type { ReadKit } from './read-kit.ts';
import { writeBack } from './write-back.ts';

export class LateAnswers implements Asker {
  readonly #kit: ReadKit;
  readonly #plan: Plan;
  /** Of the read. */
  readonly #merged: MergedAnswers;
  #digest: ItemHash | undefined;

  constructor(kit: ReadKit, plan: Plan, merged: MergedAnswers) {
    this.#kit = kit;
    this.#plan = plan;
    this.#merged = merged;
  }

  /** Looks at replicas that the read did not ask. */
  look(nodes: readonly number[]): void {
    const { peers, deadlines } = this.#kit.parts;
    const { digestAboveBytes } = this.#kit.options.tuning;
    const nowMs = deadlines.nowMs();
    for (const nodeIndex of nodes) {
      peers.call(nodeIndex, new Question(this, this.#plan, nodeIndex, nowMs, 0, digestAboveBytes));
    }
  }

  timed(tookMs: number, farMs: number | undefined): void {
    this.#kit.parts.legs.read(tookMs, farMs);
  }

  /** What a replica that was looked at came to. */
  heard(nodeIndex: number, result: PeerResult | CoterieError): void {
    if (result instanceof CoterieError || result.$case !== 'read') return; // It is as it was.
    const { record, verified, digestHigh, digestLow } = result.read;
    if (!verified || !this.#kit.parts.peers.isTrusted(nodeIndex)) return;
    if (isDigest(result.read)) this.digest(nodeIndex, { high: digestHigh, low: digestLow });
    else this.record(nodeIndex, record.length === 0 ? undefined : record);
  }

  /** A verified replica has a record with this digest. */
  digest(nodeIndex: number, { high, low }: ItemHash): void {
    const { bytes } = this.#merged;
    if (bytes !== undefined) this.#digest ??= digestOf(this.#kit.parts, this.#plan, bytes);
    const isEqual = this.#digest?.high === high && this.#digest.low === low;
    this.#count(isEqual);
    if (isEqual) return;
    const id = `look ${nodeIndex} ${this.#plan.key.id}`;
    this.#kit.repairs.add({ id, bytes: 0, run: (done) => this.#fetch(nodeIndex, done) });
  }

  /** A verified replica has this record, or none. */
  record(nodeIndex: number, bytes: Uint8Array | undefined): void {
    const isEqual = isSame(bytes, this.#merged.bytes);
    this.#count(isEqual);
    if (!isEqual) this.#repairWith(nodeIndex, bytes);
  }

  #count(isEqual: boolean): void {
    const outcome = isEqual ? 'equal' : 'different';
    this.#kit.parts.metrics.add('coterie_late_answers_total', { outcome });
  }

  /** Its record, once its digest has shown that it has another one. */
  #fetch(nodeIndex: number, done: () => void): void {
    const { parts, options } = this.#kit;
    const nowMs = parts.deadlines.nowMs();
    const plan = { ...this.#plan, deadlineMs: nowMs + options.replaceAfterMs };
    const heard = (result: PeerResult | CoterieError): void => {
      done();
      if (result instanceof CoterieError || result.$case !== 'read') return;
      const { record, verified } = result.read;
      if (!verified || isDigest(result.read) || !parts.peers.isTrusted(nodeIndex)) return;
      const bytes = record.length === 0 ? undefined : record;
      if (!isSame(bytes, this.#merged.bytes)) this.#repairWith(nodeIndex, bytes);
    };
    const asker: Asker = {
      heard: (_, result) => heard(result),
      timed: (tookMs, farMs) => this.timed(tookMs, farMs),
    };
    parts.peers.call(nodeIndex, new Question(asker, plan, nodeIndex, nowMs, 0, 0));
  }

  /** Whoever lacks something of what the read and the late answer have together gets all of it. */
  #repairWith(late: number, bytes: Uint8Array | undefined): void {
    const { parts, repairs } = this.#kit;
    const { holders, stale } = this.#merged;
    const answers = [...holders, ...stale].map((nodeIndex) => {
      return { nodeIndex, bytes: this.#merged.bytes };
    });
    try {
      const all = mergeAnswers([...answers, { nodeIndex: late, bytes }], parts.codec);
      reportCollisions(parts, this.#plan, all.collisions);
      const record = all.bytes;
      if (record === undefined) return;
      for (const nodeIndex of all.stale) {
        repairs.add(backgroundRepair(this.#kit, this.#plan, nodeIndex, record));
      }
    } catch (thrown) {
      const { code } = asCoterieError(thrown);
      parts.log.warn('late-answer-unreadable', { nodeIndex: late, code });
    }
  }
}

/** With an fsync, though nobody waits for it: the replica's answer to a strict read counts as one
 *  that holds the result, and a result that is told must not go with the power of one machine. */
export function backgroundRepair(
  { parts, options }: ReadKit,
  plan: Plan,
  nodeIndex: number,
  record: Uint8Array,
): Repair {
  return {
    id: `${nodeIndex} ${plan.key.id}`,
    bytes: record.length,
    run: (done) => {
      parts.metrics.add('coterie_read_repairs_total', { mode: 'background' });
      writeBack(parts, options, plan, { nodeIndex, record, sync: true }, () => done());
    },
  };
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return bytesEqual(a, b);
}
