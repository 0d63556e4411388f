import { expect, test } from 'vitest';
import { CONSISTENCY_LEVELS } from '../../src/core/quorum/level.ts';
import { Level } from '../../src/wire/generated/coterie/v1/kv.ts';
import {
  durabilityFromWire,
  durabilityToWire,
  levelFromWire,
  levelName,
  levelToWire,
} from '../../src/wire/level-codec.ts';

test('every level has its own number and comes back from it', () => {
  const numbers = CONSISTENCY_LEVELS.map((level) => levelToWire(level));
  expect(new Set(numbers).size).toBe(CONSISTENCY_LEVELS.length);
  expect(numbers.map((number) => levelFromWire(number))).toEqual(CONSISTENCY_LEVELS);
  expect([...numbers, Level.UNSPECIFIED].sort()).toEqual(Object.values(Level).sort());
});

test('no level is 0 on the wire', () => {
  expect(levelToWire(undefined)).toBe(0);
  expect(levelFromWire(0)).toBeUndefined();
});

test('the numbers of levels and durabilities are those of the protocol', () => {
  expect(levelToWire('quorum')).toBe(5);
  expect(levelToWire('each_quorum')).toBe(9);
  expect([durabilityToWire('fsync'), durabilityToWire('memory')]).toEqual([0, 1]);
  expect([durabilityFromWire(0), durabilityFromWire(1)]).toEqual(['fsync', 'memory']);
});

test('a number of a newer peer is refused, not guessed', () => {
  expect(() => levelFromWire(10)).toThrow(/level 10 .* 0 to 9/);
  expect(() => durabilityFromWire(2)).toThrow(/durability 2 .* 0 to 1/);
});

test('a level has a name for metrics, also when none is given or this version knows none', () => {
  expect(levelName(levelToWire(undefined))).toBe('quorum');
  for (const level of CONSISTENCY_LEVELS) expect(levelName(levelToWire(level))).toBe(level);
  expect(levelName(99)).toBe('unknown');
});
