import { expect, test } from 'vitest';
import { MarkLedger } from '../../../src/core/hint/mark-ledger.ts';

test('the first miss of a key makes a mark, every further one none', () => {
  const ledger = new MarkLedger(10);
  expect(ledger.missed('k')).toEqual({ isOld: false });
  expect(ledger.missed('k')).toBeUndefined();
  expect(ledger.missed('l')).toEqual({ isOld: false });
});

test('a copy that arrives late takes back the mark it made, once', () => {
  const ledger = new MarkLedger(10);
  const mark = ledger.missed('k');
  expect(mark && ledger.arrived('k', mark)).toBe(true);
  expect(mark && ledger.arrived('k', mark)).toBe(false);
});

test("a mark that another miss came to is nobody's to take back", () => {
  const ledger = new MarkLedger(10);
  const mark = ledger.missed('k');
  ledger.missed('k');
  expect(mark && ledger.arrived('k', mark)).toBe(false);
  expect(ledger.missed('k')).toBeUndefined();
});

test('what was sent may go unless a miss came meanwhile or it did not arrive', () => {
  const ledger = new MarkLedger(10);
  ledger.missed('k');
  ledger.begin('k');
  expect(ledger.end('k', false)).toBe(false);
  ledger.begin('k');
  ledger.missed('k');
  expect(ledger.end('k', true)).toBe(false);
  ledger.begin('k');
  expect(ledger.end('k', true)).toBe(true);
  expect(ledger.missed('k')).toEqual({ isOld: false });
});

test('a key that was forgotten for lack of room, and missed while it is sent, stays too', () => {
  const ledger = new MarkLedger(1);
  ledger.missed('k');
  ledger.begin('k');
  ledger.missed('l');
  expect(ledger.missed('k')).toEqual({ isOld: false });
  expect(ledger.end('k', true)).toBe(false);
});
