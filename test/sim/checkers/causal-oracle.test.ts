import { expect, it } from 'vitest';
import { oracleOf } from '../../../src/sim/checkers/causal-oracle.ts';
import { history } from './history-dsl.ts';

function below(text: string, write: number): number[] {
  const oracle = oracleOf(history(text)).keys.get('k');
  const upper = oracle?.indexOf(write);
  if (oracle === undefined || upper === undefined) throw new Error(`no write ${write}`);
  return oracle.writes.filter(({ index }) => oracle.isBelow(index, upper)).map((w) => w.write);
}

it('closes what writes had seen transitively', () => {
  const text =
    'a put 1 [0,1]; b put 2 [2,3] given 1; c put 3 [2,3]; a put 4 [4,5] given 2,3; a put 5 ' +
    '[6,7] given 4';
  expect(below(text, 1)).toEqual([]);
  expect(below(text, 2)).toEqual([1]);
  expect(below(text, 4)).toEqual([1, 2, 3]);
  expect(below(text, 5)).toEqual([1, 2, 3, 4]);
});

it('knows nothing for certain of what an overwrite replaced, and bounds it by time', () => {
  const text = 'a put 1 [0,1]; b put 2 [2,9] overwrite; c put 3 [20,25] given 2; d put 4 [30,35]';
  const oracle = oracleOf(history(text)).keys.get('k');
  expect(below(text, 3)).toEqual([2]);
  expect(oracle?.mayBelowBeforeUs(1)).toBe(9);
  expect(oracle?.mayBelowBeforeUs(2)).toBe(9);
  expect(oracle?.mayBelowBeforeUs(3)).toBe(Number.NEGATIVE_INFINITY);
});

it('bounds what an unknown overwrite replaced by the start of the write that had seen it', () => {
  const text = 'b put 2 [2,9] unknown overwrite; c put 3 [20,25] given 2';
  const oracle = oracleOf(history(text)).keys.get('k');
  expect(oracle?.mayBelowBeforeUs(0)).toBe(Number.POSITIVE_INFINITY);
  expect(oracle?.mayBelowBeforeUs(1)).toBe(20);
});

it('ignores writes of other keys, of nobody and of the future in what was given', () => {
  const text = 'a put 1 [0,1] key x; b put 2 [2,3] given 1,3,99; c put 3 [4,5]';
  expect(below(text, 2)).toEqual([]);
});

it('takes all tries of a write for one', () => {
  const text = 'a put 1 [0,5] unknown; a put 1 [10,15]; a put 2 [0,5] refused';
  const [first, second] = oracleOf(history(text)).keys.get('k')?.writes ?? [];
  expect(first).toMatchObject({ write: 1, startUs: 0, isRefused: false, hasTwins: false });
  expect(first?.effectEndUs).toBe(Number.POSITIVE_INFINITY);
  expect(first?.acknowledgements).toMatchObject([{ atUs: 15, holders: 2 }]);
  expect(first?.operations).toHaveLength(2);
  expect(second).toMatchObject({ write: 2, isRefused: true });
});

it('sees twins in replies, in reads and on disks', () => {
  const writes = 'a put 1 [0,5]; b put 2 [0,5]; c put 3 [0,5]; d put 4 [0,5]; ';
  const oracle = oracleOf(history(`${writes} a get [6,7] sees 1@x 2; disk n0 3@y 4`)).keys.get('k');
  expect(oracle?.writes.map(({ hasTwins }) => hasTwins)).toEqual([true, false, true, false]);
});

it('says until when a write was certainly held', () => {
  const until = (text: string) =>
    oracleOf(history(text)).keys.get('k')?.writes[0]?.acknowledgements[0]?.heldUntilUs;
  expect(until('a put 1 [5,10]')).toBe(Number.POSITIVE_INFINITY);
  expect(until('a put 1 [5,10]; loss n0 wipe at 20')).toBe(Number.POSITIVE_INFINITY);
  expect(until('a put 1 [5,10]; loss n0 wipe at 20; loss n1 wipe at 30')).toBe(30);
  expect(until('a put 1 [5,10] durable 1; loss n0 wipe at 20')).toBe(20);
  expect(until('a put 1 [5,10] durable 0')).toBe(Number.NEGATIVE_INFINITY);
  expect(until('a put 1 [5,10] one; loss n0 wipe at 4')).toBe(Number.POSITIVE_INFINITY);
  expect(until('a put 1 [5,10] one; loss n0 rollback at 20 intact 9')).toBe(20);
  expect(until('a put 1 [5,10] one; loss n0 rollback at 20 intact 10')).toBe(
    Number.POSITIVE_INFINITY,
  );
});
