/** What a request asks for: a named consistency level or raw numbers, turned into counts over
 *  replica groups.
 *  Invariant: a requirement that comes out of here can be met by the replicas it names; what cannot
 *  is a usage error or NO_REPLICA before anything is sent.
 *  Not here: counting the answers (write-tally.ts, read-tally.ts), choosing whom to ask
 *  (node/coordinator).
 *  Source: DeCandia et al. 2007 §4.5; the table of levels in docs/guarantees.md. */
import { CoterieError } from '../errors.ts';

export const CONSISTENCY_LEVELS = [
  'any',
  'one',
  'two',
  'three',
  'quorum',
  'all',
  'local_one',
  'local_quorum',
  'each_quorum',
] as const;

export type ConsistencyLevel = (typeof CONSISTENCY_LEVELS)[number];
export type Verb = 'read' | 'write';

/** Raw numbers in place of a level: `count` is R or W, `primaries` PR or PW, `durable` DW (writes
 *  only). */
export interface RawRequirement {
  readonly count?: number;
  readonly primaries?: number;
  readonly durable?: number;
}

/** One replica of the partition as the coordinator sees it. */
export interface ReplicaPlace {
  readonly nodeIndex: number;
  readonly datacentre: string;
}

/** `need` of `members` must answer. Every group of a requirement must be met. */
export interface ReplicaGroup {
  readonly members: readonly number[];
  readonly need: number;
}

export interface Requirement {
  /** What replies show: the level's name, or `r=2`, `w=2`. */
  readonly label: string;
  readonly groups: readonly ReplicaGroup[];
  /** Answers needed of replicas themselves, where members may stand in for them; absent = 0. */
  readonly primaries?: number;
  /** Durable acknowledgements needed among those counted (writes; 0 = as the durability says). */
  readonly durable: number;
  /** Reads at this requirement repair before they answer, and may not count unverified replicas. */
  readonly isStrict: boolean;
}

export interface LevelInput {
  readonly verb: Verb;
  readonly level?: ConsistencyLevel;
  readonly raw?: RawRequirement;
  /** The replicas of one live layout version, N of them. */
  readonly replicas: readonly ReplicaPlace[];
  /** Where the coordinator is. */
  readonly datacentre: string;
}

/** Errors: INVALID_ARGUMENT for a level at which no member may stand in for a replica: all asks for
 *  each of them, and those that count in datacentres for places of their own. */
export function checkSloppy(level: ConsistencyLevel | undefined): void {
  if (level === undefined || SLOPPY_LEVELS.has(level)) return;
  const levels = [...SLOPPY_LEVELS].join(', ');
  throw usage(`sloppy goes with ${levels} and with w; not with ${level}`);
}

const SLOPPY_LEVELS: ReadonlySet<ConsistencyLevel> = new Set([
  'any',
  'one',
  'two',
  'three',
  'quorum',
]);

/** Majority of `count`. */
export function majority(count: number): number {
  return Math.floor(count / 2) + 1;
}

/** Errors: INVALID_ARGUMENT for a level or number that does not fit verb and N; NO_REPLICA when the
 *  coordinator's datacentre has no replica of the key and the level is a local one. */
export function resolveRequirement(input: LevelInput): Requirement {
  const { raw, level } = input;
  if (raw !== undefined && isGiven(raw)) {
    if (level !== undefined) {
      throw usage('Give either a consistency level or raw numbers, not both');
    }
    return rawRequirement(input, raw);
  }
  return levelRequirement(input, level ?? 'quorum');
}

function isGiven(raw: RawRequirement): boolean {
  return raw.count !== undefined || raw.primaries !== undefined || raw.durable !== undefined;
}

function rawRequirement(input: LevelInput, raw: RawRequirement): Requirement {
  const replicaCount = input.replicas.length;
  const names = input.verb === 'read' ? READ_NAMES : WRITE_NAMES;
  const { primaries = 0, durable = 0 } = raw;
  if (raw.primaries !== undefined) checkCount(names.primaries, primaries, replicaCount);
  if (raw.durable !== undefined) {
    if (input.verb === 'read') throw usage('dw is for writes only');
    checkCount('dw', durable, replicaCount);
  }
  const count = raw.count ?? Math.max(majority(replicaCount), primaries, durable);
  checkCount(names.count, count, replicaCount);
  if (durable > count) throw usage(`dw ${durable} is larger than w ${count}`);
  const need = Math.max(count, primaries);
  return {
    label: `${names.count}=${need}`,
    groups: [{ members: input.replicas.map((place) => place.nodeIndex), need }],
    ...(primaries === 0 ? {} : { primaries }),
    durable,
    isStrict: need >= majority(replicaCount),
  };
}

const READ_NAMES = { count: 'r', primaries: 'pr' } as const;
const WRITE_NAMES = { count: 'w', primaries: 'pw' } as const;

function checkCount(name: string, count: number, replicaCount: number): void {
  if (!Number.isInteger(count) || count < 1 || count > replicaCount) {
    throw usage(
      `${name} is ${count}; it must be a whole number from 1 to N, which is ${replicaCount}`,
    );
  }
}

function levelRequirement(input: LevelInput, level: ConsistencyLevel): Requirement {
  const { replicas, verb } = input;
  const count = replicas.length;
  const all = replicas.map((place) => place.nodeIndex);
  const whole = (need: number, isStrict: boolean): Requirement => {
    if (need > count) throw usage(`Level ${level} needs ${need} replicas; N is ${count}`);
    return { label: level, groups: [{ members: all, need }], durable: 0, isStrict };
  };
  switch (level) {
    case 'any':
      if (verb === 'read') throw usage('Level any is for writes only; reads take one or stronger');
      return whole(1, false);
    case 'one':
      return whole(1, false);
    case 'two':
      return whole(2, false);
    case 'three':
      return whole(3, false);
    case 'quorum':
      return whole(majority(count), true);
    case 'all':
      return whole(count, true);
    case 'local_one':
    case 'local_quorum':
      return localRequirement(input, level);
    case 'each_quorum':
      return eachRequirement(replicas);
  }
}

function localRequirement(input: LevelInput, level: 'local_one' | 'local_quorum'): Requirement {
  const members = input.replicas
    .filter((place) => place.datacentre === input.datacentre)
    .map((place) => place.nodeIndex);
  if (members.length === 0) {
    throw new CoterieError(
      'NO_REPLICA',
      `No replica of this key is in datacentre ${input.datacentre}, so ${level} cannot be ` +
        'met there',
      { details: { required: 1, reachable: 0, datacentre: input.datacentre } },
    );
  }
  const need = level === 'local_one' ? 1 : majority(members.length);
  return { label: level, groups: [{ members, need }], durable: 0, isStrict: need > 1 };
}

function eachRequirement(replicas: readonly ReplicaPlace[]): Requirement {
  const byDatacentre = new Map<string, number[]>();
  for (const place of replicas) {
    const members = byDatacentre.get(place.datacentre);
    if (members === undefined) byDatacentre.set(place.datacentre, [place.nodeIndex]);
    else members.push(place.nodeIndex);
  }
  const groups = [...byDatacentre.values()].map((members) => ({
    members,
    need: majority(members.length),
  }));
  return { label: 'each_quorum', groups, durable: 0, isStrict: true };
}

function usage(message: string): CoterieError {
  return new CoterieError('INVALID_ARGUMENT', message);
}
