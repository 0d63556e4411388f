import { expect, test } from 'vitest';
import { EMPTY_CONTEXT } from '../../../src/core/version/causal-context.ts';
import {
  type MintedRequest,
  RequestTable,
  requestHashOf,
} from '../../../src/core/version/request-table.ts';
import { requestIdOf } from './replicas.ts';

const id = requestIdOf(7);
const minted: MintedRequest = {
  dot: { nodeIndex: 1, epoch: 5, seq: 9 },
  requestHash: requestHashOf('put', 42),
  replyContext: EMPTY_CONTEXT,
  siblings: 1,
};

test('a repeated request finds how it was answered, at its own key only', () => {
  const table = new RequestTable({ entriesMax: 10 });
  table.add('k', id, minted, 0);
  expect(table.find('k', id, requestHashOf('put', 42), 1)).toMatchObject(minted);
  expect(table.has('k', id)).toBe(true);
  expect(table.has('other', id)).toBe(false);
  expect(table.find('other', id, requestHashOf('put', 42), 1)).toBeUndefined();
  expect(table.find('k', requestIdOf(8), requestHashOf('put', 42), 1)).toBeUndefined();
});

test('the same id with another value or operation is refused', () => {
  const table = new RequestTable({ entriesMax: 10 });
  table.add('k', id, minted, 0);
  const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
  expect(() => table.find('k', id, requestHashOf('put', 43), 1)).toThrow(refused);
  expect(() => table.find('k', id, requestHashOf('delete', 42), 1)).toThrow(refused);
});

test('an answer is kept for 60 s and no longer', () => {
  const table = new RequestTable({ entriesMax: 10 });
  table.add('k', id, minted, 1_000);
  expect(table.find('k', id, minted.requestHash, 60_999)).toBeDefined();
  expect(table.find('k', id, minted.requestHash, 61_000)).toBeUndefined();
  expect(table.size).toBe(0);
});

test('the oldest answer goes when the table is full, and one made again is the youngest', () => {
  const table = new RequestTable({ entriesMax: 2, keptMs: 100 });
  table.add('a', id, minted, 0);
  table.add('b', id, minted, 1);
  table.add('a', id, minted, 2);
  table.add('c', id, minted, 3);
  const isKept = (key: string) => table.find(key, id, minted.requestHash, 3) !== undefined;
  expect(['a', 'b', 'c'].filter(isKept)).toEqual(['a', 'c']);
  expect(table.size).toBe(2);
});
