/** What follows from what should not be. */
import { expect, test } from 'vitest';
import { CoterieError } from '../../../src/core/errors.ts';
import type { MemberFinding } from '../../../src/core/membership/member-finding.ts';
import { Findings } from '../../../src/node/gossip/findings.ts';
import { Notes } from '../notes.ts';

const OWN = 'aa'.repeat(16);
const OTHER = 'bb'.repeat(16);

function rig(isSettled = false) {
  const notes = new Notes();
  const stops: CoterieError[] = [];
  const findings = new Findings(notes, {
    ownId: OWN,
    isSettled: () => isSettled,
    mustStop: (reason) => stops.push(reason),
  });
  return { findings, stops, events: () => notes.log.map(({ event }) => event) };
}

function cloneOf(id: string, generations: readonly number[], mustStop = false): MemberFinding {
  return { kind: 'clone', id, addresses: ['a:1', 'b:1'], generations, mustStop };
}

function codeOf(call: () => void): string {
  try {
    call();
  } catch (thrown) {
    if (thrown instanceof CoterieError) return thrown.code;
    throw thrown;
  }
  return 'none';
}

const STRANGER: MemberFinding = {
  kind: 'other-cluster',
  id: OTHER,
  clusterId: 'cc'.repeat(16),
  name: 'm1',
};

test('a node of another cluster is refused each time and logged once', () => {
  const { findings, events } = rig();
  for (let turn = 0; turn < 100; turn += 1) {
    expect(codeOf(() => findings.met(STRANGER))).toBe('CLUSTER_MISMATCH');
    findings.found(STRANGER);
  }
  expect(events()).toEqual(['member-of-another-cluster']);
});

test('a stream that ends in a refusal is logged once for each peer', () => {
  const { findings, events } = rig();
  const error = new CoterieError('VERSION_UNSUPPORTED', 'Too new');
  for (let turn = 0; turn < 100; turn += 1) findings.refused(`m${turn % 2}:1`, error);
  expect(events()).toEqual(['gossip-refused', 'gossip-refused']);
});

test('two other nodes under one id are logged, and both are spoken with', () => {
  const { findings, stops, events } = rig();
  expect(codeOf(() => findings.met(cloneOf(OTHER, [2, 1])))).toBe('none');
  expect(stops).toEqual([]);
  expect(events()).toEqual(['two-nodes-with-one-id']);
});

test('a node that has just started stops when it meets an earlier start of its id', () => {
  const { findings, stops } = rig();
  expect(codeOf(() => findings.met(cloneOf(OWN, [500, 4])))).toBe('CONFLICT');
  expect(stops).toMatchObject([{ code: 'CONFLICT' }]);
});

test('a node that has just started refuses a later start of its id and goes on', () => {
  const { findings, stops } = rig();
  expect(codeOf(() => findings.met(cloneOf(OWN, [4, 500], true)))).toBe('CONFLICT');
  expect(stops).toEqual([]);
});

test('a node that has just started stops when one that was there before has risen above it', () => {
  const { findings, stops } = rig();
  findings.found(cloneOf(OWN, [600, 500]));
  expect(stops).toHaveLength(1);
  const outbid = rig();
  outbid.findings.found(cloneOf(OWN, [500, 502], true));
  expect(outbid.stops).toHaveLength(1);
});

test('a node that has just started goes on when it has risen above one that came after it', () => {
  const { findings, stops } = rig();
  findings.found(cloneOf(OWN, [502, 500]));
  findings.found(cloneOf(OWN, [400, 500], true));
  expect(stops).toEqual([]);
});

test('of two that started in the same millisecond the table says which one stops', () => {
  const { findings, stops } = rig();
  findings.found(cloneOf(OWN, [500, 500], false));
  expect(stops).toEqual([]);
  findings.found(cloneOf(OWN, [500, 500], true));
  expect(stops).toHaveLength(1);
});

test('a settled node bears another one, and gives way in the end when that is the higher', () => {
  const { findings, stops } = rig(true);
  for (let turn = 0; turn < 100; turn += 1) {
    expect(codeOf(() => findings.met(cloneOf(OWN, [5, 4], false)))).toBe('CONFLICT');
  }
  expect(stops).toEqual([]);
  const lower = rig(true);
  for (let turn = 0; turn < 8; turn += 1) lower.findings.found(cloneOf(OWN, [4, 5], true));
  expect(lower.stops).toEqual([]);
  lower.findings.found(cloneOf(OWN, [4, 5], true));
  expect(lower.stops).toHaveLength(1);
});

test('a removed node stops; one that meets a removed one does not take it', () => {
  const { findings, stops } = rig(true);
  const removed = (id: string): MemberFinding => ({ kind: 'removed', id, name: 'n1' });
  expect(codeOf(() => findings.met(removed(OTHER)))).toBe('CONFLICT');
  expect(stops).toEqual([]);
  findings.found(removed(OWN));
  expect(stops).toMatchObject([{ code: 'CONFLICT' }]);
});

test('what is only strange is logged', () => {
  const { findings, events } = rig();
  findings.found({ kind: 'wrong-clock', id: OTHER, generation: 9, aheadMs: 5 });
  findings.found({ kind: 'amnesia', id: OWN, generation: 9, ownGeneration: 5 });
  findings.found({ kind: 'table-full', id: OTHER, entries: 8_192 });
  expect(events()).toEqual(['wrong-clock', 'amnesia', 'table-full']);
});

test('two ids under one name, and members too many, are logged once', () => {
  const { findings, events } = rig();
  const error = new CoterieError('OVERLOADED', 'Too many');
  for (let turn = 0; turn < 10; turn += 1) {
    findings.namesakes('n1', ['a:1', 'b:1']);
    findings.tooMany(OTHER, error);
  }
  expect(events()).toEqual(['two-nodes-with-one-name', 'member-not-watched']);
});
