import { describe, expect, it } from 'vitest';
import { macrotaskDriver } from '../../../src/platform/system/macrotask-driver.ts';
import { Kernel } from '../../../src/sim/kernel/kernel.ts';

const drained = (kernel: Kernel) => macrotaskDriver(() => kernel.step());

/** Ten events of one instant, then what their order was. */
async function orderOf(seed: number): Promise<{ order: string; digest: string }> {
  const kernel = new Kernel(seed);
  let order = '';
  for (const name of 'abcdefghij') {
    kernel.schedule(5, name, () => {
      order += name;
    });
  }
  await drained(kernel);
  return { order, digest: kernel.trace.digest() };
}

describe('the kernel', () => {
  it('runs events in the order of their times, and time goes with them', async () => {
    const kernel = new Kernel(1);
    const seen: [string, number][] = [];
    kernel.schedule(30.4, 'late', () => seen.push(['late', kernel.nowUs]));
    kernel.schedule(10, 'early', () => {
      seen.push(['early', kernel.nowUs]);
      kernel.schedule(5, 'between', () => seen.push(['between', kernel.nowUs]));
    });
    await drained(kernel);
    expect(seen).toEqual([
      ['early', 10],
      ['between', 15],
      ['late', 30],
    ]);
    expect(kernel.eventCount).toBe(3);
  });

  it('orders events of one instant by the seed, the same each time', async () => {
    const runs = await Promise.all([orderOf(1), orderOf(1), orderOf(2)]);
    expect(runs[0]).toEqual(runs[1]);
    expect(runs[2]?.order).not.toBe(runs[0]?.order);
    expect([...(runs[2]?.order ?? '')].sort().join('')).toBe('abcdefghij');
    expect(runs[2]?.digest).not.toBe(runs[0]?.digest);
  });

  it('does not run what was cancelled, and spends no step on it', async () => {
    const kernel = new Kernel(1);
    const ran: string[] = [];
    kernel.schedule(1, 'kept', () => ran.push('kept'));
    kernel.schedule(1, 'cancelled', () => ran.push('cancelled')).cancel();
    await drained(kernel);
    expect(ran).toEqual(['kept']);
    expect(kernel.eventCount).toBe(1);
  });

  it('drains every microtask, however deep, before the next event', async () => {
    const kernel = new Kernel(1);
    let depth = 0;
    kernel.schedule(1, 'deep', async () => {
      for (let turn = 0; turn < 500; turn += 1) await Promise.resolve();
      depth = 500;
    });
    let seen = 0;
    kernel.schedule(2, 'next', () => {
      seen = depth;
    });
    await drained(kernel);
    expect(seen).toBe(500);
  });

  it('wakes a sleeper after its time', async () => {
    const kernel = new Kernel(1);
    let wokenUs = 0;
    void kernel.after(1_000, 'sleeper').then(() => {
      wokenUs = kernel.nowUs;
    });
    await drained(kernel);
    expect(wokenUs).toBe(1_000);
  });
});

describe('the driver on Node', () => {
  const faults: [string, () => unknown][] = [
    ['Date.now', () => Date.now()],
    ['Date', () => new Date()],
    ['Math.random', () => Math.random()],
    ['performance.now', () => performance.now()],
    ['setTimeout', () => setTimeout(() => {}, 1)],
    ['setInterval', () => setInterval(() => {}, 1)],
    ['setImmediate', () => setImmediate(() => {})],
    ['hrtime', () => process.hrtime()],
    ['nextTick', () => process.nextTick(() => {})],
    ['fetch', () => fetch('http://localhost')],
  ];

  it.each(faults)('fails loudly when a step touches %s', async (name, touch) => {
    const kernel = new Kernel(1);
    kernel.schedule(1, 'cheat', touch);
    await expect(drained(kernel)).rejects.toThrow(name);
  });

  it('fails loudly when a microtask of a step touches the clock', async () => {
    const kernel = new Kernel(1);
    const caught: string[] = [];
    kernel.schedule(1, 'cheat', async () => {
      await Promise.resolve();
      try {
        Date.now();
      } catch (error) {
        caught.push(String(error));
      }
    });
    await drained(kernel);
    expect(caught.join()).toMatch('Date.now');
  });

  it('gives everything back between runs and after a failure', async () => {
    const kernel = new Kernel(1);
    kernel.schedule(1, 'fails', () => {
      throw new Error('on purpose');
    });
    await expect(drained(kernel)).rejects.toThrow('on purpose');
    expect(Date.now()).toBeGreaterThan(1_700_000_000_000);
    expect(typeof Math.random()).toBe('number');
    await new Promise((resolve) => setTimeout(resolve, 1));
  });

  it('lets other work of the process have its turn in a long run', async () => {
    let steps = 0;
    let stepsAtTimer = 0;
    const timer = setTimeout(() => {
      stepsAtTimer = steps;
    }, 1);
    await macrotaskDriver(() => {
      steps += 1;
      for (let spin = 0; spin < 1_000; spin += 1) Math.imul(spin, spin);
      return stepsAtTimer === 0 && steps < 5_000_000;
    });
    clearTimeout(timer);
    expect(stepsAtTimer).toBeGreaterThan(0);
  });
});
