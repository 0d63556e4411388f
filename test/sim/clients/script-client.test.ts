import { describe, expect, it } from 'vitest';
import { CoterieError } from '../../../src/core/errors.ts';
import { macrotaskDriver } from '../../../src/platform/system/macrotask-driver.ts';
import { OperationNotes } from '../../../src/sim/clients/operation-notes.ts';
import { ScriptClient } from '../../../src/sim/clients/script-client.ts';
import { NUMBER_LISTS } from '../../../src/sim/clients/set-values.ts';
import { headText } from '../../../src/sim/clients/values.ts';
import { WriteBook } from '../../../src/sim/clients/write-book.ts';
import type { Operation, WriteOperation } from '../../../src/sim/history.ts';
import { Kernel } from '../../../src/sim/kernel/kernel.ts';
import type { ClientStep } from '../../../src/sim/scenario.ts';
import { FakeStore } from './fake-store.ts';

const QUORUM = { level: 'quorum' } as const;
const get = (id: number, key = 'k'): ClientStep => {
  return { kind: 'get', id, atMs: 10 * id, key, level: QUORUM };
};
const put = (id: number, context: 'last' | 'none' | 'stale' | 'other-key', key = 'k') => {
  return { kind: 'put', id, atMs: 10 * id, key, level: QUORUM, context } as const;
};

interface Ran {
  readonly operations: readonly Operation[];
  readonly notes: OperationNotes;
  readonly store: FakeStore;
  readonly connected: readonly (readonly number[])[];
}

async function ran(
  steps: readonly ClientStep[],
  failures: (() => Promise<never>)[] = [],
): Promise<Ran> {
  const kernel = new Kernel(1);
  const store = new FakeStore(kernel);
  store.next.push(...failures);
  const notes = new OperationNotes();
  const connected: (readonly number[])[] = [];
  const connect = (_label: string, nodes: readonly number[]) => {
    connected.push(nodes);
    return store.client();
  };
  const client = new ScriptClient(
    { kernel, book: new WriteBook(), notes, values: NUMBER_LISTS, connect },
    { name: 'client-0', nodes: [0, 1], timeoutMs: 50, retry: 'same', steps },
  );
  const over = client.run(0, Number.POSITIVE_INFINITY);
  await macrotaskDriver(() => kernel.step());
  await over;
  return { operations: notes.operations(), notes, store, connected };
}

const writes = (operations: readonly Operation[]): WriteOperation[] =>
  operations.filter((operation) => operation.kind !== 'get');

describe('a script client', () => {
  it('notes exact start and end, outcome and replies of every operation', async () => {
    const { operations } = await ran([put(1, 'none'), get(2)]);
    expect(operations).toMatchObject([
      {
        ...{ kind: 'put', id: 1, write: 1, startUs: 10_000, endUs: 11_000, outcome: 'ok' },
        ...{ acknowledgedBy: ['n0', 'n1'], durable: 2, required: 2, dot: '0.1.1', siblings: 1 },
      },
      {
        ...{ kind: 'get', id: 2, startUs: 20_000, endUs: 21_000, outcome: 'ok', received: 2 },
        ...{ answeredBy: ['n0', 'n1'], seen: [{ write: 1, text: 'w1', dot: '0.1.1' }] },
      },
    ]);
  });

  it('begins a step when the one before it has ended, and none at or after the end', async () => {
    const { operations } = await ran([
      { ...get(1), atMs: 0 },
      { ...get(2), atMs: 0 },
    ]);
    expect(operations.map(({ startUs }) => startUs)).toEqual([0, 1_000]);
  });

  it('knows by the values shown which writes a context stands for', async () => {
    const { operations } = await ran([
      put(1, 'none'),
      put(2, 'none'),
      get(3),
      put(4, 'last'),
      put(5, 'last'),
      { ...put(6, 'last'), context: 'overwrite' },
      put(7, 'last'),
    ]);
    expect(writes(operations).map(({ given }) => given)).toEqual([
      [],
      [],
      [1, 2],
      [1, 2, 4],
      undefined,
      [6],
    ]);
  });

  it('gives the context of a result of long ago, and knows what that one covered', async () => {
    const steps = [put(1, 'none'), get(2), put(3, 'last'), get(4), put(5, 'stale')];
    const { operations, store } = await ran(steps);
    expect(writes(operations).at(-1)?.given).toEqual([1]);
    expect(store.puts.at(-1)?.options.context).toBe('c1');
  });

  it('reads, merges the elements of all siblings, and writes with the context of the read', async () => {
    const change = (id: number, removes: readonly number[] = []): ClientStep => {
      return { kind: 'change-set', id, atMs: 10 * id, key: 'k', level: QUORUM, removes };
    };
    const { operations, store } = await ran([change(1), change(2), change(3, [1])]);
    expect(operations.map(({ id }) => id)).toEqual([0.5, 1, 1.5, 2, 2.5, 3]);
    expect(writes(operations).map(({ elements }) => elements)).toEqual([[1], [1, 2], [2, 3]]);
    expect(writes(operations).map(({ given }) => given)).toEqual([[], [1], [2]]);
    expect(store.puts.map(({ value }) => headText(value))).toEqual(['w1:1', 'w2:1,2', 'w3:2,3']);
  });

  it('repeats its last write of the key as it was, through another node', async () => {
    const repeat: ClientStep = {
      ...{ kind: 'repeat', id: 3, atMs: 30, key: 'k', level: QUORUM, through: 4 },
    };
    const { operations, store, connected } = await ran([get(1), put(2, 'last'), repeat]);
    const [first, again] = store.puts;
    expect(again?.value).toBe(first?.value);
    expect(again?.options.context).toBe(first?.options.context);
    expect(again?.options.requestId).toBe('id-of-1');
    expect(first?.options.requestId).toBeUndefined();
    expect(connected).toEqual([[0, 1], [4]]);
    expect(operations.at(-1)).toMatchObject({ id: 3, write: 2, kind: 'put', outcome: 'ok' });
  });

  it('does nothing when there is nothing to repeat and no context of another key', async () => {
    const repeat: ClientStep = {
      ...{ kind: 'repeat', id: 1, atMs: 0, key: 'k', level: QUORUM, through: 0 },
    };
    expect((await ran([repeat, put(2, 'other-key')])).operations).toEqual([]);
  });

  it('takes the outcome of a write from what its error says, and repeats what failed', async () => {
    const refused = () => Promise.reject(new CoterieError('OVERLOADED', 'Too much'));
    const details = { requestId: 'the-id' };
    const lost = () => Promise.reject(new CoterieError('UNREACHABLE', 'Broke', { details }));
    const repeat: ClientStep = {
      ...{ kind: 'repeat', id: 9, atMs: 90, key: 'k', level: QUORUM, through: 0 },
    };
    const steps = [get(1), put(2, 'none'), put(3, 'none'), repeat];
    const { operations, store } = await ran(steps, [refused, refused, lost]);
    expect(operations).toMatchObject([
      { id: 1, outcome: 'refused', code: 'OVERLOADED', seen: [] },
      { id: 2, outcome: 'refused', code: 'OVERLOADED' },
      { id: 3, outcome: 'unknown', code: 'UNREACHABLE', acknowledgedBy: [] },
      { id: 9, write: 3, outcome: 'ok' },
    ]);
    expect(store.puts.at(-1)?.options.requestId).toBe('the-id');
  });

  it('never swallows an error that is not one of the vocabulary', async () => {
    const broken = () => Promise.reject(new TypeError('undefined is not a function'));
    const { notes, operations } = await ran([get(1)], [broken]);
    expect(notes.violations).toMatchObject([{ check: 'client', key: 'k', operations: [1] }]);
    expect(notes.violations[0]?.message).toContain('undefined is not a function');
    expect(operations).toMatchObject([{ outcome: 'refused', code: 'BROKEN' }]);
  });

  it('notices a bug that the product reports and a request that outlives its budget', async () => {
    const bug = () => Promise.reject(new CoterieError('ASSERTION_FAILED', 'impossible'));
    const never = () => new Promise<never>(() => {});
    const { notes, operations } = await ran([put(1, 'none'), put(2, 'none')], [bug, never]);
    expect(notes.violations.map(({ operations: [id] }) => id)).toEqual([1, 2]);
    expect(operations.map(({ outcome }) => outcome)).toEqual(['unknown', 'unknown']);
    expect(operations[1]?.endUs).toBe(Number.POSITIVE_INFINITY);
  });

  it('reports a write with the context of another key that was taken', async () => {
    const { notes } = await ran([get(1, 'other'), put(2, 'other-key')]);
    expect(notes.violations.map(({ message }) => message)).toEqual([
      'A write with the context of another key was taken',
    ]);
  });
});
