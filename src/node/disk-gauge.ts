/** How full is this node's disk, for those who see the node from outside?
 *  Invariants: one question to the store at a time; nothing is told after `stop`; a store that
 *  cannot say is logged once, until it can again.
 *  Not here: what a full disk refuses (storage/admission), which asks for itself. */
import { Alarm } from '../core/alarm.ts';
import type { Deadlines } from '../core/deadlines.ts';
import type { Log } from '../env/log.ts';
import type { DiskSpace, Store } from '../env/store.ts';
import { asCoterieError } from '../wire/error-codec.ts';

const ASK_EVERY_MS = 30_000;

export class DiskGauge {
  readonly #store: Pick<Store, 'diskSpace'>;
  readonly #log: Log;
  readonly #changed: (percent: number) => void;
  readonly #alarm: Alarm;
  #percent = 0;
  #isFailing = false;
  #isStopped = false;

  /** `changed`: the used part has moved by 1 or more; 0..100, 0 at first. */
  constructor(
    env: {
      readonly store: Pick<Store, 'diskSpace'>;
      readonly deadlines: Deadlines;
      readonly log: Log;
    },
    changed: (percent: number) => void,
  ) {
    this.#store = env.store;
    this.#log = env.log;
    this.#changed = changed;
    this.#alarm = new Alarm(env.deadlines, () => this.start());
  }

  /** Asks now and then every 30 s. */
  start(): void {
    if (!this.#isStopped) void this.#ask();
  }

  stop(): void {
    this.#isStopped = true;
    this.#alarm.stop();
  }

  async #ask(): Promise<void> {
    try {
      const space = await this.#store.diskSpace();
      this.#isFailing = false;
      this.#weigh(usedPercent(space));
    } catch (thrown) {
      if (this.#isStopped || this.#isFailing) return;
      this.#isFailing = true;
      this.#log.warn('disk-space-unknown', { message: asCoterieError(thrown).message });
    } finally {
      this.#alarm.set(ASK_EVERY_MS);
    }
  }

  /** A disk that stands between two numbers is not told of every time. */
  #weigh(percent: number): void {
    if (this.#isStopped || Math.abs(percent - this.#percent) < 1) return;
    this.#percent = Math.round(percent);
    this.#changed(this.#percent);
  }
}

/** 0..100; 0 for a store that has no disk. */
function usedPercent({ freeBytes, totalBytes }: DiskSpace): number {
  if (!(totalBytes > 0)) return 0;
  return Math.min(100, Math.max(0, 100 * (1 - freeBytes / totalBytes)));
}
