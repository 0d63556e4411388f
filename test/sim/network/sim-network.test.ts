import { describe, expect, test } from 'vitest';
import { NetworkWorld, STEADY } from './network-world.ts';

describe('partitions', () => {
  test('what is sent across a partition arrives once, in order, after it heals', () => {
    const world = new NetworkWorld();
    const { end, other } = world.joined();
    const heal = world.network.partition(['a'], ['b'], false);
    end.send(1, 2);
    world.pass(2_000);
    end.send(3);
    world.pass(8_000);
    expect(other.numbers).toEqual([]);
    heal();
    world.pass(10_000);
    expect(other.numbers).toEqual([1, 2, 3]);
    expect(end.ends).toEqual([]);
  });

  test('a heal is noticed with the next try, up to a doubled wait later', () => {
    const world = new NetworkWorld();
    const { end, other } = world.joined();
    const heal = world.network.partition(['a'], ['b'], false);
    end.send(1);
    const sentAtMs = world.nowMs;
    world.pass(3_100);
    heal();
    world.pass(10_000);
    // Tries after 200, 600, 1,400, 3,000 and 6,200 ms; the frame follows the try that got through.
    expect(other.arrivedAtMs.map((atMs) => Math.round(atMs - sentAtMs))).toEqual([6_202]);
    expect(world.network.counters.retransmissions).toBeGreaterThanOrEqual(5);
  });

  test('what was on the way when the partition began is lost and sent again', () => {
    const world = new NetworkWorld();
    const { end, other } = world.joined();
    end.send(1);
    const heal = world.network.partition(['a'], ['b'], false);
    world.pass(50);
    expect(other.numbers).toEqual([]);
    heal();
    world.pass(1_000);
    expect(other.numbers).toEqual([1]);
  });

  test('what follows a lost frame waits with it for the next try', () => {
    const world = new NetworkWorld({ model: { ...STEADY, delayMinMs: 20 } });
    const { end, other } = world.joined();
    const atMs = world.nowMs;
    end.send(1);
    world.pass(10);
    end.send(2);
    const heal = world.network.partition(['a'], ['b'], false);
    world.pass(15);
    heal();
    world.pass(1_000);
    expect(other.numbers).toEqual([1, 2]);
    // Lost when it should have arrived, after 20 ms; tried 200 ms later.
    expect(other.arrivedAtMs).toEqual([atMs + 240, atMs + 240]);
  });

  test('a dial that is on the way when the partition begins does not get through either', () => {
    const world = new NetworkWorld();
    const far = world.process('b');
    far.listen();
    const end = world.process('a').dial('b');
    world.network.partition(['a'], ['b'], true);
    world.pass(11_000);
    expect([end.kinds, far.taken]).toEqual([['broken'], []]);
  });

  test('one way: what was on its way arrives, no answer comes, both senders give up', () => {
    const world = new NetworkWorld();
    const { end, other } = world.joined();
    world.network.partition(['b'], ['a'], true);
    end.send(1);
    world.pass(100);
    expect(other.numbers).toEqual([1]);
    other.send(7);
    end.send(2);
    world.pass(29_000);
    expect([end.ends, other.ends, end.numbers]).toEqual([[], [], []]);
    world.pass(2_000);
    expect([end.kinds, other.kinds]).toEqual([['broken'], ['broken']]);
    expect(other.numbers).toEqual([1]);
  });

  test('a sender gives up after 30 s; the other side hears of it after the partition', () => {
    const world = new NetworkWorld();
    const { end, other } = world.joined();
    const heal = world.network.partition(['a'], ['b'], false);
    end.send(1);
    world.pass(29_900);
    expect(end.ends).toEqual([]);
    world.pass(200);
    expect(end.kinds).toEqual(['broken']);
    world.pass(60_000);
    expect(other.ends).toEqual([]);
    heal();
    world.pass(20_000);
    expect(other.kinds).toEqual(['broken']);
    expect(other.numbers).toEqual([]);
  });

  test('an idle stream outlives a partition', () => {
    const world = new NetworkWorld();
    const { end, other } = world.joined();
    const heal = world.network.partition(['a'], ['b'], false);
    world.pass(120_000);
    heal();
    end.send(1);
    world.pass(10);
    expect([end.ends, other.ends, other.numbers]).toEqual([[], [], [1]]);
  });

  test('a dial across a partition is broken after 10 s, unless it heals before', () => {
    const world = new NetworkWorld();
    const far = world.process('b');
    far.listen();
    const near = world.process('a');
    const heal = world.network.partition(['a'], ['b'], false);
    const first = near.dial('b');
    first.send(1);
    world.pass(9_000);
    const second = near.dial('b');
    second.send(2);
    world.pass(1_100);
    expect(first.kinds).toEqual(['broken']);
    heal();
    world.pass(5_000);
    expect(second.ends).toEqual([]);
    expect(far.taken.map(({ numbers }) => numbers)).toEqual([[2]]);
  });

  test('partitions overlap, each ends alone, and ending one twice changes nothing', () => {
    const world = new NetworkWorld();
    const { end, other } = world.joined();
    const one = world.network.partition(['a'], ['b', 'c'], false);
    const two = world.network.partition(['b'], ['a'], true);
    one();
    one();
    other.send(1);
    world.pass(5_000);
    expect(end.numbers).toEqual([]);
    two();
    world.pass(10_000);
    expect(end.numbers).toEqual([1]);
  });
});

describe('slow and lossy links', () => {
  test('a clogged link lets everything out at one time, each stream in its order', () => {
    const world = new NetworkWorld();
    const { near, far, end, other } = world.joined();
    const second = near.dial('b');
    world.pass(100);
    const release = world.network.clog([{ from: 'a', to: 'b' }]);
    for (let number = 0; number < 20; number += 1) {
      end.send(number);
      second.send(100 + number);
      world.pass(20);
    }
    other.send(5);
    world.pass(20);
    expect([other.numbers, far.taken[1]?.numbers, end.numbers]).toEqual([[], [], [5]]);
    const releasedAtMs = world.nowMs;
    release();
    world.pass(1);
    expect(other.numbers).toEqual(Array.from({ length: 20 }, (_, number) => number));
    expect(far.taken[1]?.numbers).toEqual(other.numbers.map((number) => 100 + number));
    expect(new Set(other.arrivedAtMs)).toEqual(new Set([releasedAtMs]));
  });

  test('loss delays by tries of 200 ms and more, loses nothing and keeps the order', () => {
    const world = new NetworkWorld();
    const { end, other } = world.joined();
    const cease = world.network.lose(0.5);
    for (let number = 0; number < 100; number += 1) {
      end.send(number);
      world.pass(5);
    }
    world.pass(60_000);
    expect(other.numbers).toEqual(Array.from({ length: 100 }, (_, number) => number));
    expect(world.network.counters.retransmissions).toBeGreaterThan(50);
    cease();
    const before = world.network.counters.retransmissions;
    end.send(100);
    world.pass(10);
    expect(other.numbers.at(-1)).toBe(100);
    expect(world.network.counters.retransmissions).toBe(before);
  });

  test('a delay of one address counts on all its links, both ways, until it ends', () => {
    const world = new NetworkWorld();
    const { end, other } = world.joined();
    const cease = world.network.delay('b', 300);
    const atMs = world.nowMs;
    end.send(1);
    other.send(2);
    world.pass(400);
    expect([other.arrivedAtMs, end.arrivedAtMs]).toEqual([[atMs + 301], [atMs + 301]]);
    cease();
    end.send(3);
    world.pass(10);
    expect(other.numbers).toEqual([1, 3]);
  });

  test('frames sent at one time arrive with one event, in order whatever the delays are', () => {
    const model = { ...STEADY, delayMeanMs: 20, tailShare: 0.1, tailFactor: 10 };
    const world = new NetworkWorld({ model });
    const { end, other } = world.joined();
    const before = world.kernel.eventCount;
    end.send(...Array.from({ length: 50 }, (_, number) => number));
    world.pass(2_000);
    // The arrival, and the test's own.
    expect(world.kernel.eventCount - before).toBe(2);
    for (let number = 50; number < 300; number += 1) {
      end.send(number);
      world.pass(1);
    }
    world.pass(5_000);
    expect(other.numbers).toEqual(Array.from({ length: 300 }, (_, number) => number));
  });
});

describe('processes', () => {
  test('a dead process hears nothing; its streams break, and dials are refused', () => {
    const world = new NetworkWorld();
    const { near, far, end, other } = world.joined();
    end.send(1);
    far.kill();
    world.pass(100);
    expect(end.kinds).toEqual(['broken']);
    expect([other.numbers, other.ends]).toEqual([[], []]);
    const late = near.dial('b');
    world.pass(100);
    expect(late.kinds).toEqual(['refused']);
  });

  test('what a process had sent before it died arrives sometimes, and sometimes is lost', () => {
    const outcomes = new Set<string>();
    for (let seed = 0; seed < 20; seed += 1) {
      const model = { ...STEADY, delayMinMs: 0, delayMeanMs: 5 };
      const world = new NetworkWorld({ model }, seed);
      const { near, end, other } = world.joined();
      end.send(1, 2);
      near.kill();
      world.pass(1_000);
      expect(other.kinds).toEqual(['broken']);
      outcomes.add(other.numbers.join());
    }
    expect(outcomes).toEqual(new Set(['', '1,2']));
  });

  test('a new process at the address of a dead one takes new streams only', () => {
    const world = new NetworkWorld();
    const { near, far, end } = world.joined();
    far.kill();
    const heir = world.process('b');
    heir.listen();
    end.send(1);
    const again = near.dial('b');
    again.send(2);
    world.pass(100);
    expect(end.kinds).toEqual(['broken']);
    expect(heir.taken.map(({ numbers }) => numbers)).toEqual([[2]]);
  });

  test('a paused process is given what came meanwhile when it resumes, in order', () => {
    const world = new NetworkWorld();
    const { far, end, other } = world.joined();
    far.clock.pause();
    for (let number = 0; number < 20; number += 1) {
      end.send(number);
      world.pass(3);
    }
    end.stream.close();
    world.pass(1_000);
    expect(other.numbers).toEqual([]);
    far.clock.resume();
    world.pass(100);
    expect(other.numbers).toEqual(Array.from({ length: 20 }, (_, number) => number));
    expect([end.kinds, other.kinds]).toEqual([['ended'], ['ended']]);
  });

  test('a paused process takes no stream: the dial times out, nothing sent is seen', () => {
    const world = new NetworkWorld();
    const far = world.process('b');
    far.listen();
    far.clock.pause();
    const end = world.process('a').dial('b');
    end.send(1);
    world.pass(11_000);
    expect(end.kinds).toEqual(['broken']);
    far.clock.resume();
    world.pass(100);
    expect(far.taken).toEqual([]);
  });

  test('a slow process takes its time for each frame', () => {
    const world = new NetworkWorld();
    const { far, end, other } = world.joined();
    far.clock.slow(10_000);
    end.send(1, 2, 3);
    world.pass(100);
    const [first = 0, ...rest] = other.arrivedAtMs;
    expect(rest).toEqual([first + 10, first + 20]);
  });

  test('a handler that throws is counted and reported', () => {
    const failures: string[] = [];
    const onHandlerFailure = (address: string, thrown: unknown) => {
      failures.push(`${address}: ${thrown}`);
    };
    const world = new NetworkWorld({ onHandlerFailure });
    const far = world.process('b');
    far.listen(() => {
      throw new Error('no');
    });
    const end = world.process('a').dial('b');
    end.send(1);
    world.pass(100);
    expect(failures).toEqual(['b: Error: no']);
    expect(world.network.counters.handlerFailures).toBe(1);
    expect(end.kinds).toEqual(['broken']);
  });
});

describe('resets', () => {
  test('a reset breaks both sides at once and loses what is on the way, of this pair only', () => {
    const world = new NetworkWorld();
    const { near, far, end, other } = world.joined();
    const third = world.process('c');
    third.listen();
    const bystander = near.dial('c');
    world.pass(100);
    const atMs = world.nowMs;
    end.send(1);
    other.send(2);
    world.network.reset('b', 'a', false);
    world.pass(100);
    expect([end.kinds, other.kinds]).toEqual([['broken'], ['broken']]);
    expect([end.closedAtMs, other.closedAtMs]).toEqual([atMs, atMs]);
    expect([end.numbers, other.numbers]).toEqual([[], []]);
    expect([bystander.ends, far.taken.length]).toEqual([[], 1]);
    expect(world.network.counters.resets).toBe(1);
  });

  test('a reset after delivery: the dialled side gets what was sent, its answer is lost', () => {
    const world = new NetworkWorld();
    const far = world.process('b');
    far.listen((end, number) => end.send(number + 1));
    const end = world.process('a').dial('b');
    world.pass(100);
    end.send(1);
    world.network.reset('a', 'b', true);
    expect(end.kinds).toEqual(['broken']);
    world.pass(100);
    const other = far.taken[0];
    expect([other?.numbers, other?.kinds]).toEqual([[1], ['broken']]);
    expect(end.numbers).toEqual([]);
  });
});

describe('the network as a whole', () => {
  test('delivered frames and bytes are counted and shown', () => {
    const shown: string[] = [];
    const world = new NetworkWorld({
      onFrame: (from, to, service, frame) => {
        shown.push(`${from}>${to} ${service} ${frame.length}`);
      },
    });
    const { end, other } = world.joined();
    end.send(1, 2);
    other.send(3);
    world.pass(100);
    expect(shown.sort()).toEqual(['a>b link 8', 'a>b link 8', 'b>a link 8']);
    expect(world.network.counters).toMatchObject({ frames: 3, bytes: 24 });
  });

  test('after stop nothing is delivered, and events run out', () => {
    const world = new NetworkWorld();
    const { end, other } = world.joined();
    world.network.partition(['b'], ['a'], true);
    end.send(1);
    other.send(2);
    world.network.stop();
    world.pass(60_000);
    expect([end.numbers, other.numbers]).toEqual([[], []]);
    expect(world.kernel.step()).toBe(false);
  });

  test('two listeners cannot share an address, and the end of one frees it', () => {
    const world = new NetworkWorld();
    const unlisten = world.process('b').listen();
    expect(() => world.process('b').listen()).toThrow(/already/);
    unlisten();
    world.process('b').listen();
  });
});
