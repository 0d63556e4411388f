import { expect, it } from 'vitest';
import { DEFAULT_DETECTOR_OPTIONS } from '../../../src/core/membership/detector-options.ts';
import {
  type DetectorAction,
  type DetectorEvent,
  FailureDetector,
} from '../../../src/core/membership/failure-detector.ts';

const SELF = { id: 'a', zone: 'z1', generation: 1, incarnation: 0 };

/** A detector of node `a` among others, driven by beats of 100 ms. */
class Driver {
  readonly detector = new FailureDetector(DEFAULT_DETECTOR_OPTIONS, SELF, { float: () => 0 }, 0);
  nowMs = 0;
  actions: DetectorAction[] = [];
  events: DetectorEvent[] = [];
  readonly heard: Set<string>;

  constructor(...ids: string[]) {
    this.heard = new Set(ids);
    for (const id of ids) this.learn(id);
    this.run(10_000);
    this.events = [];
  }

  learn(id: string, generation = 1, incarnation = 0): void {
    const record = { id, zone: `z-${id}`, status: 'UP', generation, incarnation } as const;
    this.detector.learn(record, this.nowMs);
  }

  /** Every second each of `heard` is. */
  run(durationMs: number): void {
    for (const endMs = this.nowMs + durationMs; this.nowMs < endMs; ) {
      this.nowMs += 100;
      if (this.nowMs % 1_000 === 0) {
        for (const id of this.heard) this.detector.evidence(id, this.nowMs, 'relayed');
      }
      this.tick();
    }
  }

  tick(): void {
    const { actions, events } = this.detector.tick(this.nowMs);
    this.actions.push(...actions);
    this.events.push(...events);
  }

  runUntil(kind: DetectorAction['kind'], limitMs = 30_000): DetectorAction {
    for (let waitedMs = 0; waitedMs < limitMs; waitedMs += 100) {
      const action = this.actions.find((one) => one.kind === kind);
      if (action !== undefined) return action;
      this.run(100);
    }
    throw new Error(`no ${kind} within ${limitMs} ms`);
  }

  answer(ask: DetectorAction, answer: 'ack' | 'nack' | 'refused'): void {
    if (ask.kind !== 'ask') throw new Error('nobody was asked');
    for (const by of ask.asked) {
      this.detector.askedAnswered(ask.id, ask.round, by, answer, this.nowMs);
    }
  }

  accuse(about: string, by: string, state: 'SUSPECT' | 'DOWN', incarnation = 0): void {
    this.detector.accused({ about, by, state, generation: 1, incarnation }, this.nowMs);
  }

  kinds(): readonly string[] {
    return this.events.map(({ kind, id }) => `${kind} ${id}`);
  }
}

it('goes from unknown to alive with the first evidence, and says up once', () => {
  const detector = new FailureDetector(DEFAULT_DETECTOR_OPTIONS, SELF, { float: () => 0 }, 0);
  detector.learn({ id: 'b', zone: 'z', status: 'UP', generation: 1, incarnation: 0 }, 0);
  expect(detector.stateOf('b')).toBe('UNKNOWN');
  detector.evidence('b', 50, 'relayed');
  detector.evidence('b', 60, 'direct');
  expect(detector.stateOf('b')).toBe('ALIVE');
  expect(detector.tick(100).events).toEqual([{ kind: 'up', id: 'b', atMs: 50 }]);
  expect(detector.tick(200).events).toEqual([]);
  expect(detector.opinions(260)).toEqual([
    { id: 'b', state: 'ALIVE', phi: 0, evidenceAgeMs: 200, accuserCount: 0 },
  ]);
});

it('takes a silent member through slow, avoid, suspect and down, asking itself and three others', () => {
  const it = new Driver('b', 'c', 'd', 'e');
  it.heard.delete('b');
  const seen: string[] = [];
  for (let step = 0; step < 250; step += 1) {
    it.run(100);
    for (const ask of it.actions) if (ask.kind === 'ask') it.answer(ask, 'nack');
    const state = it.detector.stateOf('b') ?? '';
    if (seen.at(-1) !== state) seen.push(state);
  }
  expect(seen).toEqual(['ALIVE', 'SLOW', 'AVOID', 'SUSPECT', 'DOWN']);
  const said = it.actions.flatMap((one) => (one.kind === 'accuse' ? [one.accusation] : []));
  const about = { about: 'b', generation: 1, incarnation: 0, by: 'a' };
  expect(said).toEqual([
    { ...about, state: 'SUSPECT' },
    { ...about, state: 'DOWN' },
  ]);
  expect(it.actions.find(({ kind }) => kind === 'probe')).toMatchObject({ id: 'b' });
  expect(it.actions.find(({ kind }) => kind === 'ask')).toMatchObject({ asked: ['c', 'd', 'e'] });
  expect(it.kinds()).toEqual(['down b']);
});

it('accuses nobody whom one of those asked could reach', () => {
  const it = new Driver('b', 'c', 'd', 'e');
  it.heard.delete('b');
  for (let round = 0; round < 5; round += 1) {
    it.answer(it.runUntil('ask'), 'ack');
    expect(it.detector.stateOf('b')).toBe('ALIVE');
    it.actions = it.actions.filter(({ kind }) => kind === 'accuse');
  }
  expect(it.actions).toEqual([]);
});

it('avoids a member whose machine refuses at once, and holds it down a second after two reports', () => {
  const it = new Driver('b', 'c', 'd', 'e');
  it.heard.delete('b');
  it.detector.refused('b', it.nowMs);
  expect(it.detector.stateOf('b')).toBe('AVOID');
  it.answer(it.runUntil('ask'), 'refused');
  expect(it.actions.some(({ kind }) => kind === 'probe')).toBe(false);
  expect(it.detector.stateOf('b')).toBe('SUSPECT');
  it.run(900);
  expect(it.detector.stateOf('b')).toBe('SUSPECT');
  it.run(200);
  expect(it.detector.stateOf('b')).toBe('DOWN');
});

it('only avoids a member that refuses this node and answers others', () => {
  const it = new Driver('b', 'c', 'd');
  it.detector.refused('b', it.nowMs);
  it.answer(it.runUntil('ask'), 'ack');
  it.run(30_000);
  expect(it.detector.stateOf('b')).toBe('AVOID');
  expect(it.actions.filter(({ kind }) => kind === 'accuse')).toEqual([]);
  it.detector.evidence('b', it.nowMs, 'direct');
  expect(it.detector.stateOf('b')).toBe('ALIVE');
});

it('needs no report when nobody is left to ask', () => {
  const it = new Driver('b');
  it.heard.delete('b');
  it.detector.refused('b', it.nowMs);
  it.run(1_200);
  expect(it.detector.stateOf('b')).toBe('DOWN');
});

it('convicts nobody whom it hears, whatever others say, and believes them about the silent', () => {
  const it = new Driver('b', 'c', 'd', 'e');
  for (const by of ['c', 'd', 'e']) it.accuse('b', by, 'SUSPECT');
  it.accuse('b', 'c', 'DOWN');
  it.run(30_000);
  expect(it.detector.stateOf('b')).toBe('ALIVE');
  it.heard.delete('b');
  it.run(8_000);
  expect(it.detector.stateOf('b')).toBe('DOWN');
});

// A pause of 3.5 s that met what somebody had concluded behind a partition (seed 3551).
it('convicts nobody for a short silence by an old conviction that comes late', () => {
  const it = new Driver('b', 'c', 'd', 'e');
  it.accuse('b', 'c', 'DOWN');
  it.heard.delete('b');
  it.run(5_000);
  expect(it.detector.stateOf('b')).toBe('SUSPECT');
  it.heard.add('b');
  it.run(1_000);
  expect(it.detector.stateOf('b')).toBe('ALIVE');
  expect(it.kinds()).toEqual([]);
});

it('takes a member that is down back only at a higher standpoint, and says up once', () => {
  const it = new Driver('b', 'c', 'd');
  it.heard.delete('b');
  it.accuse('b', 'c', 'DOWN');
  it.run(8_000);
  expect(it.detector.stateOf('b')).toBe('DOWN');
  it.detector.evidence('b', it.nowMs, 'direct');
  it.learn('b', 1, 0);
  it.accuse('b', 'd', 'DOWN');
  expect(it.detector.stateOf('b')).toBe('DOWN');
  it.learn('b', 1, 1);
  expect(it.detector.stateOf('b')).toBe('ALIVE');
  it.accuse('b', 'd', 'DOWN');
  it.run(1_000);
  expect(it.detector.stateOf('b')).toBe('ALIVE');
  expect(it.kinds()).toEqual(['down b', 'up b']);
});

it('has a left member for gone, whatever comes', () => {
  const it = new Driver('b', 'c');
  const gone = { id: 'b', zone: 'z', status: 'LEFT', generation: 0, incarnation: 0 } as const;
  it.detector.learn(gone, it.nowMs);
  it.learn('b', 9, 9);
  it.detector.refused('b', it.nowMs);
  it.run(60_000);
  expect(it.detector.stateOf('b')).toBe('LEFT');
  expect(it.actions).toEqual([]);
  it.detector.forget('b');
  expect(it.detector.stateOf('b')).toBeUndefined();
});

it('holds its own pause against nobody, and what it knew before stays', () => {
  const it = new Driver('b', 'c', 'd', 'e');
  it.heard.delete('b');
  it.run(4_500);
  const before = it.detector.stateOf('b');
  expect(before).not.toBe('ALIVE');
  it.actions = [];
  it.nowMs += 10_000;
  expect(it.detector.tick(it.nowMs).pauseMs).toBe(9_900);
  expect(it.detector.isIgnoring(it.nowMs)).toBe(true);
  expect(it.detector.stateOf('c')).toBe('ALIVE');
  it.run(19_000);
  expect(it.detector.stateOf('b')).toBe(before);
  expect(it.actions).toEqual([]);
  it.run(2_000);
  expect(it.actions).toContainEqual(expect.objectContaining({ kind: 'probe', id: 'b' }));
});

it('notices its pause by an accusation that comes before the beat', () => {
  const it = new Driver('b', 'c');
  it.nowMs += 10_000;
  it.accuse('b', 'c', 'DOWN');
  expect(it.detector.stateOf('b')).toBe('ALIVE');
});

it('answers each accusation of itself once, above it', () => {
  const it = new Driver('b');
  it.accuse('a', 'b', 'SUSPECT', 3);
  it.accuse('a', 'b', 'SUSPECT', 3);
  it.accuse('a', 'c', 'DOWN', 2);
  it.tick();
  const refute = { kind: 'refute', isAmnesia: false };
  const standpoint = { generation: 1, incarnation: 4 };
  expect(it.actions).toEqual([{ ...refute, standpoint }]);
});

it('jumps above a start of its own that it does not remember', () => {
  const it = new Driver('b');
  const accusation = { about: 'a', by: 'b', state: 'DOWN', generation: 7, incarnation: 2 } as const;
  it.detector.accused(accusation, it.nowMs);
  it.tick();
  const standpoint = { generation: 8, incarnation: 0 };
  expect(it.actions).toEqual([{ kind: 'refute', standpoint, isAmnesia: true }]);
});

it('doubts itself when those it asks are silent, and is sure when they say no', () => {
  const it = new Driver('b', 'c', 'd', 'e');
  it.heard.delete('b');
  it.run(7_000);
  expect(it.detector.localHealth).toBe(1);
  it.actions = [];
  it.answer(it.runUntil('ask'), 'nack');
  expect(it.detector.localHealth).toBe(0);
});

it('doubts itself when all others go silent at once', () => {
  const it = new Driver('b', 'c', 'd', 'e');
  it.heard.clear();
  it.run(20_000);
  expect(it.detector.localHealth).toBe(7);
  const states = ['b', 'c', 'd', 'e'].map((id) => it.detector.stateOf(id));
  expect(states).not.toContain('DOWN');
});

it('avoids a member that comes and goes, and says flap once', () => {
  const it = new Driver('b', 'c');
  for (let cycle = 1; cycle <= 4; cycle += 1) {
    it.heard.delete('b');
    it.accuse('b', 'c', 'DOWN', cycle - 1);
    it.run(8_000);
    expect(it.detector.stateOf('b')).toBe('DOWN');
    it.learn('b', 1, cycle);
    it.heard.add('b');
    it.run(5_000);
    expect(it.detector.stateOf('b')).toBe(cycle > 3 ? 'AVOID' : 'ALIVE');
  }
  it.run(114_900);
  expect(it.detector.stateOf('b')).toBe('AVOID');
  it.run(200);
  expect(it.detector.stateOf('b')).toBe('ALIVE');
  expect(it.kinds().filter((kind) => kind === 'flap b')).toHaveLength(1);
});

it('watches no more members than it may', () => {
  const options = { ...DEFAULT_DETECTOR_OPTIONS, membersMax: 1 };
  const detector = new FailureDetector(options, SELF, { float: () => 0 }, 0);
  const record = { zone: 'z', status: 'UP', generation: 1, incarnation: 0 } as const;
  detector.learn({ ...record, id: 'b' }, 0);
  detector.learn({ ...record, id: 'a' }, 0);
  expect(() => detector.learn({ ...record, id: 'c' }, 0)).toThrow('1 members are watched');
});
