/** Counts the replies to one read and decides when the coordinator has heard enough.
 *  Invariants: each replica is counted once; an unverified replica counts only when the requirement
 *  allows it; a replica that cannot read the key (corrupt, not recovered) counts for nothing; a
 *  digest counts from when a record with that digest has come, and for nothing before, so every
 *  answer that is counted is a known record; once settled the verdict never changes.
 *  Not here: merging and repair (repair-plan.ts), sending, timeouts (node/coordinator/read.ts).
 *  Source: DeCandia et al. 2007 §4.5, §5; ARCHITECTURE 5.17, 5.19. */
import type { ItemHash } from '../version/item-hash.ts';
import { GroupCount } from './group-count.ts';
import type { Requirement } from './level.ts';
import type { Verdict } from './write-tally.ts';

/** What one replica holds: `undefined` bytes mean it has no record, which is an answer like any
 *  other. */
export interface ReadAnswer {
  readonly nodeIndex: number;
  readonly bytes: Uint8Array | undefined;
}

/** The digest of a record's bytes under the key that is read; `undefined`: they are no record. */
export type DigestOf = (bytes: Uint8Array) => ItemHash | undefined;

interface Digest {
  readonly nodeIndex: number;
  readonly digest: ItemHash;
}

interface KnownRecord {
  readonly bytes: Uint8Array;
  readonly digest: ItemHash | undefined;
}

export class ReadTally {
  readonly #count: GroupCount;
  readonly #needsVerified: boolean;
  readonly #digestOf: DigestOf;
  readonly #answers: ReadAnswer[] = [];
  /** Of which no record has come. */
  #digests: Digest[] = [];
  /** Different records that have come; `undefined` until there is a digest to compare with: most
   *  reads see none. */
  #known: KnownRecord[] | undefined;
  #verdict: Verdict = 'pending';

  constructor(requirement: Requirement, digestOf: DigestOf) {
    this.#count = new GroupCount(requirement.groups);
    this.#needsVerified = requirement.label !== 'one' && requirement.label !== 'local_one';
    this.#digestOf = digestOf;
  }

  /** A replica's record, also of one that answered with a digest before. */
  answer(answer: ReadAnswer, isVerified: boolean): Verdict {
    if (this.#verdict !== 'pending') return this.#verdict;
    const { nodeIndex, bytes } = answer;
    if (!isVerified && this.#needsVerified) return this.fail(nodeIndex);
    if (!this.#count.answer(nodeIndex)) return this.#verdict;
    this.#answers.push(answer);
    if (this.#known !== undefined) {
      this.#dropDigest(nodeIndex);
      if (bytes !== undefined) this.#learn(bytes, this.#known);
    }
    return this.#decide();
  }

  /** A replica has a record with this digest. Its first digest stands until its record comes: of
   *  each replica one answer is known at a time. */
  answerDigest(nodeIndex: number, digest: ItemHash, isVerified: boolean): Verdict {
    if (this.#verdict !== 'pending') return this.#verdict;
    if (!isVerified && this.#needsVerified) return this.fail(nodeIndex);
    if (this.isDigestOf(nodeIndex)) return this.#verdict;
    this.#known ??= this.#knownSoFar();
    const known = this.#known.find((record) => isEqual(record.digest, digest));
    if (known !== undefined) {
      if (this.#count.answer(nodeIndex)) this.#answers.push({ nodeIndex, bytes: known.bytes });
    } else if (this.#count.isOpen(nodeIndex)) {
      this.#digests.push({ nodeIndex, digest });
    }
    return this.#decide();
  }

  fail(nodeIndex: number): Verdict {
    if (this.#verdict !== 'pending') return this.#verdict;
    this.#dropDigest(nodeIndex);
    this.#count.fail(nodeIndex);
    return this.#decide();
  }

  get verdict(): Verdict {
    return this.#verdict;
  }

  get required(): number {
    return this.#count.required;
  }

  /** Answers still needed. */
  get missing(): number {
    return this.#count.missing;
  }

  /** Is this replica needed, if those `expected` answer. */
  isUseful(nodeIndex: number, expected: readonly number[] = []): boolean {
    return this.#count.isUseful(nodeIndex, expected);
  }

  /** The answers counted, in the order they came. */
  get answers(): readonly ReadAnswer[] {
    return this.#answers;
  }

  isCounted(nodeIndex: number): boolean {
    for (const answer of this.#answers) if (answer.nodeIndex === nodeIndex) return true;
    return false;
  }

  /** Has this replica answered with a digest of which no record has come. */
  isDigestOf(nodeIndex: number): boolean {
    return this.#digests.some((digest) => digest.nodeIndex === nodeIndex);
  }

  /** Of each digest of which no record has come the first replica that answered with it: to be
   *  asked for the record. */
  get recordsWanted(): readonly number[] {
    if (this.#digests.length === 0) return NOBODY;
    const first = this.#digests.filter(
      ({ digest }, at) => this.#digests.findIndex((other) => isEqual(other.digest, digest)) === at,
    );
    return first.map(({ nodeIndex }) => nodeIndex);
  }

  #knownSoFar(): KnownRecord[] {
    const known: KnownRecord[] = [];
    for (const { bytes } of this.#answers) {
      if (bytes !== undefined) known.push({ bytes, digest: this.#digestOf(bytes) });
    }
    return known;
  }

  /** Replicas that answered with the digest of this record are counted with it. */
  #learn(bytes: Uint8Array, known: KnownRecord[]): void {
    const digest = this.#digestOf(bytes);
    known.push({ bytes, digest });
    const same = this.#digests.filter((other) => isEqual(other.digest, digest));
    for (const { nodeIndex } of same) {
      this.#dropDigest(nodeIndex);
      if (this.#count.answer(nodeIndex)) this.#answers.push({ nodeIndex, bytes });
    }
  }

  #dropDigest(nodeIndex: number): void {
    if (this.#digests.length === 0) return;
    this.#digests = this.#digests.filter((digest) => digest.nodeIndex !== nodeIndex);
  }

  #decide(): Verdict {
    if (this.#count.isMet) this.#verdict = 'satisfied';
    else if (this.#count.isImpossible) this.#verdict = 'failed';
    return this.#verdict;
  }
}

const NOBODY: readonly number[] = [];

function isEqual(a: ItemHash | undefined, b: ItemHash | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a.high === b.high && a.low === b.low;
}
