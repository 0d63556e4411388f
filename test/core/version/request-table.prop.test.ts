import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EMPTY_CONTEXT } from '../../../src/core/version/causal-context.ts';
import { RequestTable } from '../../../src/core/version/request-table.ts';
import { requestIdOf } from './replicas.ts';

const calls = fc.array(
  fc.record({
    key: fc.constantFrom('a', 'b'),
    id: fc.nat(5),
    passedMs: fc.nat(30),
    isAdd: fc.boolean(),
  }),
  { maxLength: 60 },
);

test('the table answers as a plain list of the youngest answers within their time does', () => {
  fc.assert(
    fc.property(calls, fc.integer({ min: 1, max: 6 }), (all, entriesMax) => {
      const table = new RequestTable({ entriesMax, keptMs: 100 });
      let list: { name: string; seq: number; atMs: number }[] = [];
      let nowMs = 0;
      for (const [seq, { key, id, passedMs, isAdd }] of all.entries()) {
        nowMs += passedMs;
        const name = `${key}${id}`;
        list = list.filter((entry) => nowMs - entry.atMs < 100);
        if (isAdd) {
          const dot = { nodeIndex: 1, epoch: 0, seq };
          const request = { dot, requestHash: id, replyContext: EMPTY_CONTEXT, siblings: 1 };
          table.add(key, requestIdOf(id), request, nowMs);
          list = list.filter((entry) => entry.name !== name).concat({ name, seq, atMs: nowMs });
          list = list.slice(-entriesMax);
        }
        const found = table.find(key, requestIdOf(id), id, nowMs);
        expect(found?.dot.seq).toBe(list.find((entry) => entry.name === name)?.seq);
        expect(table.size).toBe(list.length);
      }
    }),
    { numRuns: 500 },
  );
});
