import { describe, expect, it } from 'vitest';
import type { MemberEntry } from '../../../src/core/membership/member-entry.ts';
import { entryOfAccusation, entryOfRecord } from '../../../src/core/membership/member-entry.ts';
import type { MemberRecord } from '../../../src/core/membership/member-record.ts';
import { MEMBER_TABLE_DEFAULTS, MemberTable } from '../../../src/core/membership/member-table.ts';
import { recordOf } from './gossip-cluster.ts';

const WALL_MS = 1_790_000_000_000;
const OWN = recordOf(0).id;
const PEER = recordOf(1).id;

function tableOf(change: Partial<MemberRecord> = {}): MemberTable {
  return new MemberTable(recordOf(0, change));
}

function entryOf(index: number, change: Partial<MemberRecord> = {}, heartbeat = 1): MemberEntry {
  return entryOfRecord(recordOf(index, change), heartbeat);
}

function accusation(about: string, change: { generation?: number; incarnation?: number } = {}) {
  const { generation = WALL_MS, incarnation = 0 } = change;
  return entryOfAccusation({ about, generation, incarnation, state: 'DOWN', by: recordOf(7).id });
}

describe('what a peer says', () => {
  it('is news once', () => {
    const table = tableOf();

    expect(table.receive([entryOf(1)], WALL_MS)).toMatchObject({
      changed: [PEER],
      advanced: [PEER],
      stale: [],
    });
    expect(table.receive([entryOf(1)], WALL_MS)).toMatchObject({ changed: [], advanced: [] });
  });

  it('is evidence of life when the heartbeat rose, and no news', () => {
    const table = tableOf();
    table.receive([entryOf(1, {}, 4)], WALL_MS);

    const received = table.receive([entryOf(1, {}, 5)], WALL_MS);

    expect(received).toMatchObject({ changed: [], advanced: [PEER], stale: [] });
    expect(table.entry(PEER)?.heartbeat).toBe(5);
  });

  it('that is old is answered with what is newer', () => {
    const table = tableOf();
    table.receive([entryOf(1, { version: 5 }), accusation(PEER)], WALL_MS);

    expect(table.receive([entryOf(1, { version: 4 })], WALL_MS).stale).toEqual([PEER]);
    expect(table.receive([entryOf(1, { version: 5 })], WALL_MS).stale).toEqual([PEER]);
    expect(table.record(PEER)?.version).toBe(5);
  });

  it('about an unknown member is kept: the record may come later', () => {
    const table = tableOf();
    table.receive([accusation(PEER)], WALL_MS);
    table.receive([entryOf(1)], WALL_MS);

    expect(table.accusedOf(PEER)).toBe('DOWN');
    expect(table.accusations(PEER)).toEqual([
      { about: PEER, generation: WALL_MS, incarnation: 0, state: 'DOWN', by: recordOf(7).id },
    ]);
  });
});

describe('an accused node', () => {
  it('refutes by a higher incarnation, which clears the accusation everywhere', () => {
    const table = tableOf();
    const other = new MemberTable(recordOf(1));
    other.receive([entryOf(0), accusation(OWN)], WALL_MS);
    expect(table.receive([other.entry(OWN)!], WALL_MS).isAccused).toBe(true);

    expect(table.refute()).toEqual({ kind: 'refuted' });
    other.receive([table.entry(OWN)!], WALL_MS);

    expect(other.accusedOf(OWN)).toBeUndefined();
    expect(other.hashOf(OWN)).toBe(table.hashOf(OWN));
    expect(table.refute()).toEqual({ kind: 'none' });
  });

  it('gets above an incarnation that it never had', () => {
    const table = tableOf();
    table.receive([accusation(OWN, { incarnation: 41 })], WALL_MS);

    expect(table.refute()).toEqual({ kind: 'refuted' });
    expect(table.own.incarnation).toBe(42);
  });

  it('needs a new generation when the accusation is of a later one, or incarnations ran out', () => {
    const later = tableOf();
    later.receive([accusation(OWN, { generation: WALL_MS + 50 })], WALL_MS);
    expect(later.refute()).toEqual({ kind: 'generation', above: WALL_MS + 50 });

    const spent = tableOf();
    spent.receive([accusation(OWN, { incarnation: 2 ** 32 - 1 })], WALL_MS);
    expect(spent.refute()).toEqual({ kind: 'generation', above: WALL_MS });
    spent.startGeneration(WALL_MS + 1);
    expect(spent.receive([], WALL_MS).isAccused).toBe(false);
    expect(spent.own).toMatchObject({ generation: WALL_MS + 1, version: 0, incarnation: 0 });
  });

  it('accuses nobody of what was refuted, nor itself, nor a stranger', () => {
    const table = tableOf();
    table.receive([entryOf(1, { incarnation: 3, version: 8 })], WALL_MS);
    const down = { generation: WALL_MS, state: 'DOWN' } as const;

    expect(table.accuse({ ...down, about: PEER, incarnation: 2 })).toBe(false);
    expect(table.accuse({ ...down, about: OWN, incarnation: 9 })).toBe(false);
    expect(table.accuse({ ...down, about: recordOf(9).id, incarnation: 9 })).toBe(false);
    expect(table.accuse({ ...down, about: PEER, incarnation: 3 })).toBe(true);
    expect(table.accuse({ ...down, about: PEER, incarnation: 3 })).toBe(false);
  });
});

describe('its own record', () => {
  it('is raised by every change and by nothing else', () => {
    const table = tableOf();

    expect(table.updateOwn({ diskPercent: 10 })).toBe(false);
    expect(table.updateOwn({ diskPercent: 11, status: 'LEAVING' })).toBe(true);
    expect(table.own).toMatchObject({ version: 2, incarnation: 0, diskPercent: 11 });
    table.beat();
    expect(table.own.version).toBe(2);
    expect(table.entry(OWN)?.heartbeat).toBe(1);
  });

  it('is written by nobody else: a later life that others know is outlived, and told', () => {
    const table = tableOf();

    const received = table.receive([entryOf(0, { generation: WALL_MS + 5, weight: 7 })], WALL_MS);

    expect(received.isAccused).toBe(true);
    expect(received.findings).toEqual([
      { kind: 'amnesia', id: OWN, generation: WALL_MS + 5, ownGeneration: WALL_MS },
    ]);
    expect(table.own.weight).toBe(100);
    const refutation = table.refute();
    expect(refutation).toMatchObject({ kind: 'generation' });
    expect(() => table.startGeneration(WALL_MS + 5)).toThrow(/not above/);
    table.startGeneration(WALL_MS + 7);
    expect(table.refute()).toEqual({ kind: 'none' });
  });
});

describe('two nodes under one id', () => {
  it('meet: the lower generation gives way, then the higher address', () => {
    const table = tableOf();
    const clone = { id: OWN, clusterId: '', generation: WALL_MS, address: '10.0.0.9:7400' };

    expect(table.meet({ ...clone, generation: WALL_MS + 1 })).toMatchObject({ mustStop: true });
    expect(table.meet({ ...clone, generation: WALL_MS - 1 })).toMatchObject({ mustStop: false });
    expect(table.meet(clone)).toMatchObject({ kind: 'clone', mustStop: false });
    expect(table.meet({ ...clone, address: '10.0.0.0:6' })).toMatchObject({ mustStop: true });
    expect(table.meet({ ...clone, address: recordOf(0).address })).toBeUndefined();
  });

  it('outbid each other once, then the one that is outbid again stops', () => {
    const table = tableOf();
    const elsewhere = { address: '10.9.9.9:7400' };
    table.receive([entryOf(0, { ...elsewhere, generation: WALL_MS + 5 })], WALL_MS);
    table.startGeneration(WALL_MS + 7);

    const { findings } = table.receive(
      [entryOf(0, { ...elsewhere, generation: WALL_MS + 9 })],
      WALL_MS,
    );

    expect(findings).toEqual([
      {
        kind: 'clone',
        id: OWN,
        addresses: [recordOf(0).address, elsewhere.address],
        generations: [WALL_MS + 7, WALL_MS + 9],
        mustStop: true,
      },
    ]);
  });

  it('are told apart from a forgotten past by the answer: the one that is outbid by a little came later', () => {
    const table = tableOf();
    const elsewhere = { address: '10.9.9.9:7400', generation: WALL_MS + 2 };

    const { findings } = table.receive([entryOf(0, elsewhere)], WALL_MS);

    expect(findings).toMatchObject([
      { kind: 'clone', id: OWN, generations: [WALL_MS, WALL_MS + 2], mustStop: true },
    ]);
  });

  it('are noticed by others when they write the same version differently', () => {
    const table = tableOf();
    table.receive([entryOf(1)], WALL_MS);

    const { findings } = table.receive([entryOf(1, { address: '10.9.9.9:7400' })], WALL_MS);

    expect(findings).toMatchObject([{ kind: 'clone', id: PEER, mustStop: false }]);
  });

  it('are noticed by who is called by the older of them', () => {
    const table = tableOf();
    table.receive([entryOf(1)], WALL_MS);
    const { clusterId, address } = recordOf(1);
    const caller = { id: PEER, clusterId, generation: WALL_MS - 9, address: '10.9.9.9:7400' };

    expect(table.meet(caller)).toMatchObject({ kind: 'clone', mustStop: false });
    expect(table.meet({ ...caller, address })).toBeUndefined();
    expect(table.meet({ ...caller, id: recordOf(5).id })).toBeUndefined();
  });
});

it('an address may change with the same id: it is a later version of the record', () => {
  const table = tableOf();
  table.receive([entryOf(1)], WALL_MS);

  const moved = entryOf(1, { version: 2, address: '10.7.7.7:7400' });

  expect(table.receive([moved], WALL_MS)).toMatchObject({ changed: [PEER], findings: [] });
  expect(table.record(PEER)?.address).toBe('10.7.7.7:7400');
});

describe('records that are refused', () => {
  it('are those of another cluster, told once', () => {
    const table = tableOf();
    const stranger = entryOf(1, { clusterId: 'c2'.repeat(16) });

    expect(table.receive([stranger], WALL_MS).findings).toMatchObject([{ kind: 'other-cluster' }]);
    expect(table.receive([stranger], WALL_MS).findings).toEqual([]);
    expect(table.entry(PEER)).toBeUndefined();
    const { clusterId } = stranger.record!;
    const peer = { id: PEER, clusterId, generation: 1, address: 'x:1' };
    expect(table.meet(peer)).toMatchObject({ kind: 'other-cluster' });
  });

  it('are not those of nodes before init, on either side', () => {
    const table = tableOf();
    table.receive([entryOf(1, { clusterId: '' })], WALL_MS);
    const young = tableOf({ clusterId: '' });
    young.receive([entryOf(1), entryOf(2, { clusterId: 'c2'.repeat(16) })], WALL_MS);

    expect(table.record(PEER)?.clusterId).toBe('');
    expect(young.size).toBe(3);
    young.updateOwn({ clusterId: 'c1'.repeat(16) });
    expect([...young.entries()].map(({ id }) => id)).toEqual([OWN, PEER].sort());
  });

  it('are those of a generation that only a wrong clock makes', () => {
    const table = tableOf();
    const aheadMs = MEMBER_TABLE_DEFAULTS.generationAheadMaxMs;

    const fine = table.receive([entryOf(1, { generation: WALL_MS + aheadMs })], WALL_MS);
    const wrong = table.receive([entryOf(2, { generation: WALL_MS + aheadMs + 1 })], WALL_MS);
    const accused = table.receive([accusation(OWN, { generation: WALL_MS * 2 })], WALL_MS);

    expect(fine.findings).toEqual([]);
    expect(wrong.findings).toMatchObject([{ kind: 'wrong-clock', aheadMs: aheadMs + 1 }]);
    expect(accused).toMatchObject({ isAccused: false, findings: [{ kind: 'wrong-clock' }] });
    expect(table.size).toBe(2);
  });

  it('are new ones once the table is full; known members still change', () => {
    const table = new MemberTable(recordOf(0), { ...MEMBER_TABLE_DEFAULTS, entriesMax: 2 });
    table.receive([entryOf(1)], WALL_MS);

    const { findings } = table.receive([entryOf(2), entryOf(1, { version: 3 })], WALL_MS);

    expect(findings).toEqual([{ kind: 'table-full', id: recordOf(2).id, entries: 2 }]);
    expect(table.record(PEER)?.version).toBe(3);
    expect(table.leave(recordOf(3).id, 'x')).toBe(false);
    expect(table.leave(PEER, 'x')).toBe(true);
  });
});

describe('a member that has left', () => {
  it('never returns, and who still knows it is told', () => {
    const table = tableOf();
    table.receive([entryOf(1)], WALL_MS);
    expect(table.leave(PEER, 'unused')).toBe(true);
    expect(table.leave(PEER, 'unused')).toBe(false);

    const received = table.receive([entryOf(1, { generation: WALL_MS + 99 })], WALL_MS);

    expect(received).toMatchObject({ changed: [], advanced: [], stale: [PEER] });
    expect(table.record(PEER)).toMatchObject({ status: 'LEFT', name: recordOf(1).name });
    expect(table.accuse({ about: PEER, generation: WALL_MS, incarnation: 9, state: 'DOWN' })).toBe(
      false,
    );
  });

  it('hears of it itself, and says nothing more', () => {
    const table = tableOf();
    const other = new MemberTable(recordOf(1));
    other.leave(OWN, 'node-0');

    const received = table.receive([other.entry(OWN)!], WALL_MS);

    expect(received.findings).toMatchObject([{ kind: 'removed', id: OWN }]);
    expect(table.own.status).toBe('LEFT');
    expect(() => table.updateOwn({ weight: 1 })).toThrow(/has left/);
    table.beat();
    expect(table.entry(OWN)?.heartbeat).toBe(0);
    expect(() => tableOf({ status: 'LEFT' })).toThrow(/no place/);
    expect(() => table.leave('nobody', 'x')).toThrow(/no member id/);
    const { clusterId, generation, address } = recordOf(0);
    expect(other.meet({ id: OWN, clusterId, generation, address })).toMatchObject({
      kind: 'removed',
    });
  });
});
