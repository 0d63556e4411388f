import { describe, expect, it } from 'vitest';
import type { DiskLoss, History, Operation, ReplicaContents } from '../../src/sim/history.ts';
import type { ClientScript } from '../../src/sim/scenario.ts';
import { pathsTaken } from '../../src/sim/sometimes.ts';

const base = { client: 'c', key: 'k', level: { level: 'quorum' }, startUs: 1, endUs: 2 } as const;
const put = { ...base, kind: 'put', outcome: 'ok', given: [], acknowledgedBy: ['n0'] } as const;
const counted = { durable: 1, required: 1 } as const;

const write = (id: number, of: number, dot: string): Operation => ({
  ...{ ...put, ...counted, id, write: of, dot },
});

const read = (id: number, writes: readonly number[]): Operation => ({
  ...{ ...base, id, kind: 'get', outcome: 'ok', received: 2, required: 2 },
  seen: writes.map((one) => ({ write: one, text: `w${one}`, dot: `0.1.${one}` })),
});

function history(more: Partial<History>): History {
  return {
    ...{ replicas: 1, operations: [], minted: [], contents: [], faults: [], losses: [] },
    ...{ watermarks: [], healedUs: 0, afterHealing: [], endUs: 10, ...more },
  };
}

const script = (nodes: readonly number[]): ClientScript => ({
  ...{ name: 'c', nodes, timeoutMs: 1_000, retry: 'same', steps: [] },
});

const replica = (owned: boolean): ReplicaContents => ({
  ...{ node: 'n0', state: 'SERVING', records: new Map(), owns: () => owned },
});

describe('rare paths', () => {
  it('tell errors by outcome and code, siblings, and deletes that found nothing', () => {
    const failed: Operation = {
      ...{ ...put, durable: 0, required: 0, id: 1, write: 1 },
      ...{ outcome: 'unknown', code: 'DEADLINE_EXCEEDED' },
    };
    const idle: Operation = { ...put, ...counted, kind: 'delete', id: 4, write: 4, found: false };
    const operations = [failed, read(2, [7, 8]), read(3, [7]), idle];
    expect(pathsTaken([], history({ operations }))).toEqual({
      'client unknown DEADLINE_EXCEEDED': 1,
      'client saw siblings': 1,
      'client found nothing': 1,
    });
  });

  it('tell a repeat that was recognised from one that became an event of its own', () => {
    const operations = [write(1, 1, '0.1.1'), write(2, 1, '0.1.1'), write(3, 1, '1.5.5')];
    expect(pathsTaken([], history({ operations }))).toEqual({
      'client repeated': 2,
      'client repeat recognised': 1,
      'client repeat minted anew': 1,
    });
  });

  it('tell a write whose only known node has no replica of the key', () => {
    const operations = [write(1, 1, '0.1.1')];
    const elsewhere = history({ operations, contents: [replica(false)] });
    expect(pathsTaken([script([0])], elsewhere)).toEqual({ 'client write forwarded': 1 });
    expect(pathsTaken([script([0, 1])], elsewhere)).toEqual({});
    const here = history({ operations, contents: [replica(true)] });
    expect(pathsTaken([script([0])], here)).toEqual({});
  });

  it('tell a disk that is lost after another one was rebuilt', () => {
    const loss = (node: string, atUs: number): DiskLoss => ({
      ...{ node, kind: 'wipe', atUs, intactUntilUs: 0 },
    });
    const has = () => true;
    const losses = [loss('n0', 10), loss('n1', 30)];
    const inTurn = history({ losses, rebuilt: [{ node: 'n0', atUs: 20, has }] });
    expect(pathsTaken([], inTurn)).toEqual({ 'disk lost after another was rebuilt': 1 });
    const tooLate = history({ losses, rebuilt: [{ node: 'n0', atUs: 40, has }] });
    expect(pathsTaken([], tooLate)).toEqual({});
  });

  it('tell tombstones, who writes over them, and the states of nodes', () => {
    const minted = [
      { key: 'k', dot: '0.1.1', contentHash: 0, isTombstone: true, node: 'n0', atUs: 1 },
      { key: 'k', dot: '0.1.2', contentHash: 7, isTombstone: false, node: 'n0', atUs: 2 },
    ];
    const gone: Operation = { ...put, ...counted, kind: 'delete', id: 1, write: 1, found: true };
    const over: Operation = { ...put, ...counted, id: 2, write: 2, given: [1] };
    const states = [{ atUs: 1, node: 'n0', state: 'UNVERIFIED', reason: '' }];
    expect(pathsTaken([], history({ operations: [gone, over], minted, states }))).toEqual({
      'client wrote over a tombstone': 1,
      'minted tombstone': 1,
      'state UNVERIFIED': 1,
    });
  });
});
