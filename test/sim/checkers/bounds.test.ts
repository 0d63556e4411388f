import { expect, it } from 'vitest';
import { bounds } from '../../../src/sim/checkers/bounds.ts';
import { history } from './history-dsl.ts';
import { accepts, rejects } from './judged.ts';

accepts(bounds, [
  ['nothing measured', ''],
  ['nothing used', 'bound n0 requests 0 of 10'],
  ['less than the bound', 'bound n0 requests 3 of 10'],
  ['one below the bound', 'bound n0 requests 9 of 10'],
  ['exactly the bound', 'bound n0 requests 10 of 10'],
  ['a bound of one', 'bound n0 batches 1 of 1'],
  ['a bound of nothing that is kept', 'bound n0 batches 0 of 0'],
  ['bytes', 'bound n0 cacheBytes 1048576 of 1048576'],
  ['fractions', 'bound n0 share 0.5 of 1'],
  ['several things of one node', 'bound n0 requests 3 of 10; bound n0 table 7 of 8'],
  ['one thing of several nodes', 'bound n0 requests 3 of 10; bound n1 requests 10 of 10'],
  ['things of clients', 'bound client-0 inFlight 4 of 4096'],
  ['a bound that is not there', 'bound n0 requests 99 of Infinity'],
  ['one thing measured twice', 'bound n0 requests 3 of 10; bound n0 requests 4 of 10'],
  ['different bounds of different nodes', 'bound n0 requests 20 of 20; bound n1 requests 3 of 10'],
]);

rejects(bounds, [
  ['one above the bound', 'bound n0 requests 11 of 10'],
  ['far above the bound', 'bound n0 requests 1000000 of 10'],
  ['a fraction above the bound', 'bound n0 share 1.01 of 1'],
  ['a byte above the bound', 'bound n0 cacheBytes 1048577 of 1048576'],
  ['something where nothing may be', 'bound n0 batches 1 of 0'],
  ['the first of two', 'bound n0 requests 11 of 10; bound n0 table 7 of 8'],
  ['the last of two', 'bound n0 requests 3 of 10; bound n0 table 9 of 8'],
  ['one node of several', 'bound n0 requests 3 of 10; bound n1 requests 11 of 10'],
  ['the bound of one node reached by another', 'bound n0 q 20 of 20; bound n1 q 20 of 10'],
  ['a client', 'bound client-0 inFlight 4097 of 4096'],
  ['what grew without end', 'bound n0 requests Infinity of 10'],
  ['the second of two measurements', 'bound n0 requests 3 of 10; bound n0 requests 12 of 10'],
  ['everything', 'bound n0 requests 11 of 10; bound n1 requests 11 of 10'],
  ['a bound below nothing', 'bound n0 requests 0 of -5'],
]);

it.each([Number.NaN, -3])('what was measured as %d does not pass', (largest) => {
  const watermarks = [{ what: 'requests', node: 'n0', largest, bound: 10 }];
  expect(bounds.check({ ...history(''), watermarks })).toHaveLength(1);
});

it('a violation says what, where, how much and the bound', () => {
  const [violation] = bounds.check(history('bound n2 table 12 of 8'));
  expect(violation?.message).toBe('table of n2 reached 12, bound 8');
});

it('any watermark raised above its bound is found, and no other', () => {
  const lines = Array.from({ length: 10 }, (_, index) => `bound n${index} table ${index} of 9`);
  expect(bounds.check(history(lines.join('\n')))).toEqual([]);
  for (let at = 0; at < 10; at += 1) {
    const raised = lines.with(at, `bound n${at} table 10 of 9`);
    const found = bounds.check(history(raised.join('\n')));
    expect(found.map(({ message }) => message)).toEqual([`table of n${at} reached 10, bound 9`]);
  }
});
