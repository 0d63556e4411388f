/** Faults of a node of this process: whatever comes when, it is as it was at the end. */
import { beforeEach, describe, expect, it } from 'vitest';
import { EmbeddedFaults } from '../../src/cli/bench-faults.ts';
import type { RunningNode } from '../../src/embed.ts';
import { ManualClock } from '../client/manual-clock.ts';

let clock: ManualClock;
let said: string[];
let isStill: boolean;
let faults: EmbeddedFaults;

/** Of which only its name and its end are looked at. */
function fakeNode(name: string): RunningNode {
  const stop = async () => {
    said.push(`stop ${name}`);
  };
  return { name, stop } as unknown as RunningNode;
}

beforeEach(() => {
  clock = new ManualClock();
  said = [];
  isStill = false;
  const standstill = {
    stop: () => {
      isStill = true;
    },
    goOn: () => {
      isStill = false;
    },
  };
  const nodes = [fakeNode('node-1'), fakeNode('node-2')];
  faults = new EmbeddedFaults(clock, nodes, standstill, async ({ name }) =>
    fakeNode(`${name} again`),
  );
});

describe('EmbeddedFaults', () => {
  it('stops the last node, which goes on when it is healed', async () => {
    expect(await faults.inject('stop')).toBe('node-2');
    expect(isStill).toBe(true);
    await faults.heal();
    expect(isStill).toBe(false);
    await faults.end();
    expect(said).toEqual([]);
  });

  it('slows it until it is healed, and leaves no timer', async () => {
    await faults.inject('slow');
    const seen: boolean[] = [];
    for (let each = 0; each < 10; each += 1) {
      seen.push(isStill);
      await clock.advance(10);
    }
    expect(seen).toEqual([true, true, true, true, false, true, true, true, true, false]);
    await faults.heal();
    expect([isStill, clock.timerCount]).toEqual([false, 0]);
  });

  it.each(['stop', 'slow'] as const)('ends one that is at fault (%s)', async (kind) => {
    await faults.inject(kind);
    await clock.advance(120);
    await faults.end();
    expect([isStill, clock.timerCount]).toEqual([false, 0]);
    await faults.inject(kind);
    await faults.heal();
    expect([isStill, clock.timerCount]).toEqual([false, 0]);
  });

  it('starts a killed node again, which can be stopped too, and ends what it started', async () => {
    await faults.inject('kill');
    await faults.heal();
    expect(await faults.inject('stop')).toBe('node-2 again');
    expect(isStill).toBe(true);
    await faults.end();
    expect(isStill).toBe(false);
    expect(said).toEqual(['stop node-2', 'stop node-2 again']);
  });
});
