/** A disk, the processes that use it, and the kernel that moves both, for tests. */
import { macrotaskDriver } from '../../../src/platform/system/macrotask-driver.ts';
import { SimDisk, type SimDiskOptions } from '../../../src/sim/disk/sim-disk.ts';
import { SimStore } from '../../../src/sim/disk/sim-store.ts';
import { Kernel } from '../../../src/sim/kernel/kernel.ts';
import { NodeClock } from '../../../src/sim/kernel/node-clock.ts';
import { put, textOf } from '../../conformance/store-rows.ts';

export interface Process {
  readonly clock: NodeClock;
  readonly store: SimStore;
}

export class DiskRig {
  readonly kernel: Kernel;
  readonly disk: SimDisk;

  constructor(seed: number, options: SimDiskOptions = {}) {
    this.kernel = new Kernel(seed);
    this.disk = new SimDisk(this.kernel, 'n0', options);
  }

  /** Runs the script on virtual time; fails when nothing more can happen and it is not done. */
  async run(script: (rig: DiskRig) => Promise<void>): Promise<void> {
    let isDone = false;
    const outcome = script(this).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    void outcome.then(() => {
      isDone = true;
    });
    await macrotaskDriver(() => !isDone && this.kernel.step());
    if (!isDone) throw new Error('The script waits for something that will never happen');
    const failure = await outcome;
    if (failure !== undefined) throw failure.error;
  }

  newProcess(): Process {
    const clock = new NodeClock(this.kernel, 'n0');
    return { clock, store: new SimStore(this.kernel, clock, this.disk) };
  }

  async start(): Promise<Process> {
    const started = this.newProcess();
    await started.store.open();
    return started;
  }

  pass(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.kernel.schedule(ms * 1_000, 'test', resolve);
    });
  }

  /** Keys and values on the disk, as `key=value`. */
  rows(): string[] {
    return [...this.disk.entries()].map(({ key, value }) => `${textOf(key)}=${textOf(value)}`);
  }
}

/** Writes `key` = `value` as a batch of its own. */
export function write(
  { store }: Process,
  key: string,
  value: string,
  sync: boolean,
): Promise<void> {
  return store.batch([put(key, value)], { sync });
}
