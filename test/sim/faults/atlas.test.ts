import { describe, expect, it } from 'vitest';
import { atlasBreaches, FaultAtlas, withinAtlas } from '../../../src/sim/faults/atlas.ts';
import type { FaultStep } from '../../../src/sim/scenario.ts';

const FACTS = { nodes: 5, replicas: 3, durationMs: 120_000 };

const crash = (node: number, atMs: number, downMs = 1_000): FaultStep => ({
  kind: 'crash',
  node,
  atMs,
  downMs,
  unsynced: 'lost',
});
const wipe = (node: number, atMs: number): FaultStep => ({ kind: 'wipe', node, atMs, downMs: 100 });
const rot = (node: number, atMs: number): FaultStep => ({ kind: 'bit-rot', node, atMs, rows: 1 });
const block = (node: number, atMs: number): FaultStep => ({
  ...{ kind: 'bad-block', node, atMs, rows: 4 },
});
const inTurn = (node: number, atMs: number): FaultStep => ({
  kind: 'disk-losses-in-turn',
  node,
  atMs,
  downMs: 100,
  loss: 'wipe',
});
const pause = (node: number, atMs: number, forMs: number): FaultStep => ({
  kind: 'pause',
  node,
  atMs,
  forMs,
});
const jump = (node: number, byMs: number): FaultStep => ({
  kind: 'clock-jump',
  node,
  atMs: 50,
  byMs,
});
const isolate = (node: number, atMs: number, forMs: number): FaultStep => ({
  kind: 'partition',
  atMs,
  forMs,
  groups: [[node], [0, 1, 2, 3, 4].filter((other) => other !== node)],
  isOneWay: false,
});

describe('the fault atlas', () => {
  it('lets one disk of three replicas lose what was synced, as often as it likes', () => {
    expect(atlasBreaches(FACTS, [rot(1, 10_000), wipe(1, 50_000), rot(1, 90_000)])).toEqual([]);
  });

  it('lets no second disk of three replicas lose what was synced', () => {
    expect(atlasBreaches(FACTS, [rot(1, 10_000), rot(2, 50_000)])).toHaveLength(1);
    expect(atlasBreaches({ ...FACTS, replicas: 5 }, [rot(1, 0), rot(2, 9)])).toEqual([]);
    expect(atlasBreaches({ ...FACTS, replicas: 2 }, [rot(1, 10_000)])).toHaveLength(1);
  });

  it('lets every disk lose what was synced in turn, where a rebuild is possible', () => {
    const steps = [inTurn(1, 10_000), inTurn(2, 30_000), inTurn(0, 50_000)];
    expect(atlasBreaches(FACTS, steps)).toEqual([]);
    expect(atlasBreaches(FACTS, [wipe(1, 10_000), inTurn(2, 30_000)])).toEqual([]);
    expect(atlasBreaches({ ...FACTS, replicas: 2 }, steps)).not.toEqual([]);
  });

  it('lets nobody lose a disk after a loss in turn who does not ask whose turn it is', () => {
    for (const loss of [wipe(2, 30_000), rot(2, 30_000)]) {
      expect(withinAtlas(FACTS, [inTurn(1, 10_000), loss])).toHaveLength(1);
    }
    expect(withinAtlas(FACTS, [inTurn(1, 10_000), wipe(1, 30_000)])).toHaveLength(2);
  });

  it('keeps other faults away from a loss that peers must find out', () => {
    for (const other of [crash(2, 51_000), pause(3, 48_000, 1_000), isolate(4, 20_000, 26_000)]) {
      expect(withinAtlas(FACTS, [wipe(1, 50_000), other])).toEqual([wipe(1, 50_000)]);
    }
    expect(withinAtlas(FACTS, [wipe(1, 50_000), crash(2, 56_000)])).toHaveLength(2);
  });

  it('keeps nothing away from rot, which its checksum finds out', () => {
    expect(withinAtlas(FACTS, [rot(1, 50_000), crash(1, 50_001)])).toHaveLength(2);
  });

  it('lets no other disk lose anything but in turn where a block goes bad', () => {
    const five = { ...FACTS, replicas: 5 };
    expect(withinAtlas(five, [block(1, 10_000), rot(2, 50_000)])).toEqual([block(1, 10_000)]);
    expect(withinAtlas(five, [rot(2, 10_000), block(1, 50_000)])).toEqual([rot(2, 10_000)]);
    expect(withinAtlas(FACTS, [block(1, 10_000), rot(1, 20_000), crash(2, 20_001)])).toHaveLength(
      3,
    );
    expect(withinAtlas(FACTS, [block(1, 10_000), inTurn(2, 50_000)])).toHaveLength(2);
    expect(withinAtlas(FACTS, [inTurn(2, 10_000), block(1, 50_000)])).toHaveLength(1);
  });

  it('takes down a minority at once and no more', () => {
    const three = [crash(0, 1_000), crash(1, 1_500), pause(2, 2_000, 500)];
    expect(withinAtlas(FACTS, three)).toEqual(three.slice(0, 2));
    expect(withinAtlas({ ...FACTS, nodes: 3 }, three)).toEqual(three.slice(0, 1));
  });

  it('takes down no node that is down already, not even by a power loss', () => {
    const off: FaultStep = { kind: 'power-loss', atMs: 1_200, downMs: 100, unsynced: 'part' };
    expect(withinAtlas(FACTS, [crash(0, 1_000, 5_000), crash(0, 3_000)])).toHaveLength(1);
    expect(withinAtlas(FACTS, [crash(0, 1_000), off])).toHaveLength(1);
  });

  it('lets networks part as they like', () => {
    const steps = [0, 1, 2, 3, 4].map((node) => isolate(node, 1_000 * node, 30_000));
    expect(withinAtlas(FACTS, steps)).toEqual(steps);
  });

  it('lets one clock go off by hours, not by a day', () => {
    const hour = 3_600_000;
    const jumps = [1, 1, 1, 1, 1, 1, 1, -1].map((hours) => jump(2, hours * hour));
    expect(withinAtlas(FACTS, jumps)).toHaveLength(7);
  });

  it('takes nothing that begins after the run', () => {
    expect(new FaultAtlas(FACTS).take(crash(0, 120_000))).toBe('it begins outside the run');
  });
});
