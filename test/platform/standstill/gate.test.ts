import { beforeEach, describe, expect, it } from 'vitest';
import { Gate } from '../../../src/platform/standstill/gate.ts';
import { ManualClock } from '../../client/manual-clock.ts';

let clock: ManualClock;
let gate: Gate;
let seen: string[];

beforeEach(() => {
  clock = new ManualClock();
  gate = new Gate(clock);
  seen = [];
});

/** A callback that notes that it ran. */
function noted(name: string): () => void {
  return () => seen.push(name);
}

describe('Gate', () => {
  it('lets everything through at once while it is open', () => {
    gate.enter(noted('in'));
    gate.fire(noted('timer'));
    gate.leave(noted('out'));
    expect(seen).toEqual(['in', 'timer', 'out']);
    expect(clock.deferredCount).toBe(0);
  });

  it('lets nothing through while it is closed', async () => {
    gate.close();
    gate.enter(noted('in'));
    gate.fire(noted('timer'));
    gate.leave(noted('out'));
    await clock.settle();
    expect(seen).toEqual([]);
    expect([gate.isClosed, gate.isClear]).toEqual([true, false]);
  });

  it('when it opens lets out what was sent, then in what is overdue, then what arrived', async () => {
    gate.close();
    gate.enter(noted('in 1'));
    gate.fire(noted('timer 1'));
    gate.leave(noted('out 1'));
    gate.enter(noted('in 2'));
    gate.leave(noted('out 2'));
    gate.fire(noted('timer 2'));
    gate.open();
    expect(seen).toEqual(['out 1', 'out 2']);
    await clock.settle();
    expect(seen.slice(2)).toEqual(['timer 1', 'timer 2', 'in 1', 'in 2']);
    gate.open();
    await clock.settle();
    expect(seen).toHaveLength(6);
  });

  it('lets in what comes after the opening behind what came before', async () => {
    gate.close();
    gate.enter(noted('before'));
    gate.open();
    gate.enter(noted('after'));
    gate.leave(noted('out'));
    await clock.settle();
    expect(seen).toEqual(['out', 'before', 'after']);
  });

  it('keeps what is not in yet when it closes again, and its order', async () => {
    gate.close();
    gate.enter(() => {
      seen.push('closes');
      gate.close();
    });
    for (const name of ['second', 'third']) gate.enter(noted(name));
    gate.open();
    await clock.settle();
    expect(seen).toEqual(['closes']);
    gate.enter(noted('fourth'));
    gate.open();
    gate.close();
    gate.open();
    await clock.settle();
    expect(seen).toEqual(['closes', 'second', 'third', 'fourth']);
    expect(gate.isClear).toBe(true);
  });

  it('tells its watchers when it has closed, and when all is through', async () => {
    const unwatch = gate.watch(() => seen.push(gate.isClosed ? 'closed' : 'clear'));
    gate.close();
    gate.close();
    gate.enter(noted('in'));
    gate.open();
    await clock.settle();
    expect(seen).toEqual(['closed', 'in', 'clear']);
    gate.close();
    gate.open();
    expect(seen.slice(3)).toEqual(['closed', 'clear']);
    unwatch();
    gate.close();
    expect(seen).toHaveLength(5);
  });

  it('lets out and in all the others when what was sent throws, and says so', async () => {
    const failing = (message: string) => () => {
      throw new Error(message);
    };
    gate.watch(() => seen.push(gate.isClosed ? 'closed' : 'clear'));
    gate.close();
    gate.leave(failing('broken'));
    gate.leave(noted('out'));
    gate.enter(noted('in'));
    expect(() => gate.open()).toThrow('broken');
    await clock.settle();
    expect(seen).toEqual(['closed', 'out', 'in', 'clear']);
    gate.close();
    for (const message of ['one', 'two']) gate.leave(failing(message));
    const both = [new Error('one'), new Error('two')];
    expect(() => gate.open()).toThrow(expect.objectContaining({ errors: both }));
    expect(seen.slice(4)).toEqual(['closed', 'clear']);
  });

  it('keeps what is not out yet when it closes again, and its order', () => {
    gate.close();
    gate.leave(() => {
      gate.close();
      gate.leave(noted('third'));
    });
    gate.leave(() => {
      seen.push('first');
      gate.leave(noted('fourth'));
    });
    gate.leave(noted('second'));
    gate.open();
    expect(seen).toEqual([]);
    gate.open();
    expect(seen).toEqual(['first', 'second', 'third', 'fourth']);
  });

  it('goes on with the next when a callback throws', async () => {
    const turns: (() => void)[] = [];
    const ownTurns = new Gate({ defer: (turn) => turns.push(turn) });
    ownTurns.close();
    ownTurns.enter(() => {
      throw new Error('a bug');
    });
    ownTurns.enter(noted('next'));
    ownTurns.open();
    expect(turns[0]).toThrow('a bug');
    turns[1]?.();
    expect(seen).toEqual(['next']);
    expect(ownTurns.isClear).toBe(true);
  });
});
