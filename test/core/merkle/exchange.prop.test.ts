import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Exchange, type ExchangeMode, ROUNDS_MAX } from '../../../src/core/merkle/exchange.ts';
import { drive, KEYS, type Replica } from './model.ts';

const replica = fc
  .array(fc.tuple(fc.nat(KEYS - 1), fc.integer({ min: 1, max: 3 })), { maxLength: 60 })
  .map((pairs): Replica => new Map(pairs));

const mode = fc.constantFrom<ExchangeMode>('compare', 'all');

function differingKeys(a: Replica, b: Replica): number[] {
  const keys = [...new Set([...a.keys(), ...b.keys()])];
  return keys.filter((key) => a.get(key) !== b.get(key)).sort((x, y) => x - y);
}

test('an exchange in quiet makes both sides equal and transfers only what differed', () => {
  fc.assert(
    fc.property(replica, replica, mode, fc.integer({ min: 1, max: 9 }), (own, theirs, how, max) => {
      const differed = differingKeys(own, theirs);
      const exchange = new Exchange(how);
      const { transferred } = drive(exchange, own, theirs, { entriesMax: max });
      expect(exchange.isComplete).toBe(true);
      expect(transferred.sort((a, b) => a - b)).toEqual(differed);
      expect(exchange.differing).toBe(differed.length);
      expect(differingKeys(own, theirs)).toEqual([]);
    }),
  );
});

test('equal replicas cost one question', () => {
  fc.assert(
    fc.property(replica, (own) => {
      const exchange = new Exchange('compare');
      expect(drive(exchange, own, new Map(own)).asks).toEqual(['tree']);
      expect(exchange.isComplete).toBe(true);
      expect(exchange.differing).toBe(0);
    }),
  );
});

test('writes on their way, also many to one leaf, are no differences', () => {
  const writes = fc.array(fc.nat(KEYS - 1), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(replica, fc.array(writes, { minLength: 1, maxLength: 12 }), (own, batches) => {
      const theirs = new Map(own);
      let onTheWay: number[] = [];
      // Before each step the last writes arrive, and new ones leave: none is older than a step.
      const rounds = batches.slice(0, ROUNDS_MAX);
      const before = () => {
        for (const key of onTheWay) theirs.set(key, own.get(key) ?? 0);
        onTheWay = rounds.shift() ?? [];
        for (const key of onTheWay) own.set(key, (own.get(key) ?? 0) + 1);
      };
      const exchange = new Exchange('compare');
      const { transferred } = drive(exchange, own, theirs, { before });
      expect(transferred).toEqual([]);
      expect(exchange.isComplete).toBe(true);
    }),
  );
});

test('an exchange that was interrupted anywhere goes on at its cursor and loses nothing', () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 6 });
  fc.assert(
    fc.property(replica, replica, mode, cuts, (own, theirs, how, stepsOfEach) => {
      const differed = differingKeys(own, theirs);
      const transferred: number[] = [];
      let exchange = new Exchange(how);
      for (const stepsMax of stepsOfEach) {
        const part = drive(exchange, own, theirs, { entriesMax: 3, stepsMax });
        transferred.push(...part.transferred);
        if (exchange.ask.kind === 'done') break;
        exchange = new Exchange(how, exchange.cursor);
      }
      transferred.push(...drive(exchange, own, theirs, { entriesMax: 3 }).transferred);
      expect(exchange.isComplete).toBe(true);
      expect(differingKeys(own, theirs)).toEqual([]);
      expect(transferred.sort((a, b) => a - b)).toEqual(differed);
    }),
  );
});
