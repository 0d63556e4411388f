/** The proto enums of the client protocol to the unions of core, and back. 0 on the wire means
 *  "not given" for a level and `fsync` for a durability. */
import { CoterieError } from '../core/errors.ts';
import { CONSISTENCY_LEVELS, type ConsistencyLevel } from '../core/quorum/level.ts';
import { Durability as WireDurability, Level as WireLevel } from './generated/coterie/v1/kv.ts';

/** When a replica's acknowledgement counts: after its fsync, or once its storage engine has the
 *  record. */
export type Durability = 'fsync' | 'memory';

const WIRE_LEVELS: Readonly<Record<ConsistencyLevel, WireLevel>> = {
  any: WireLevel.ANY,
  one: WireLevel.ONE,
  two: WireLevel.TWO,
  three: WireLevel.THREE,
  quorum: WireLevel.QUORUM,
  all: WireLevel.ALL,
  local_one: WireLevel.LOCAL_ONE,
  local_quorum: WireLevel.LOCAL_QUORUM,
  each_quorum: WireLevel.EACH_QUORUM,
};

const LEVELS_BY_NUMBER: ReadonlyMap<number, ConsistencyLevel> = new Map(
  CONSISTENCY_LEVELS.map((level) => [WIRE_LEVELS[level], level]),
);

const WIRE_DURABILITIES: Readonly<Record<Durability, WireDurability>> = {
  fsync: WireDurability.FSYNC,
  memory: WireDurability.MEMORY,
};

export function levelToWire(level: ConsistencyLevel | undefined): WireLevel {
  return level === undefined ? WireLevel.UNSPECIFIED : WIRE_LEVELS[level];
}

/** `undefined`: no level was given. Errors: INVALID_ARGUMENT for a number that this version does
 *  not know. */
export function levelFromWire(level: number): ConsistencyLevel | undefined {
  if (level === WireLevel.UNSPECIFIED) return undefined;
  const known = LEVELS_BY_NUMBER.get(level);
  if (known === undefined) throw unknownNumber('level', level, LEVELS_BY_NUMBER.size);
  return known;
}

/** For metrics: what a request asks for, in words; it never fails. */
export function levelName(level: number): string {
  if (level === WireLevel.UNSPECIFIED) return 'quorum';
  return LEVELS_BY_NUMBER.get(level) ?? 'unknown';
}

export function durabilityToWire(durability: Durability): WireDurability {
  return WIRE_DURABILITIES[durability];
}

/** Errors: INVALID_ARGUMENT for a number that this version does not know. */
export function durabilityFromWire(durability: number): Durability {
  if (durability === WireDurability.FSYNC) return 'fsync';
  if (durability === WireDurability.MEMORY) return 'memory';
  throw unknownNumber('durability', durability, WireDurability.MEMORY);
}

function unknownNumber(field: string, value: number, largest: number): CoterieError {
  return new CoterieError(
    'INVALID_ARGUMENT',
    `The ${field} ${value} is not known to this version, which takes 0 to ${largest}`,
    { details: { field, value } },
  );
}
