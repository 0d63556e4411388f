/** Asks for explained requests that wait for every replica, so that all their legs are seen.
 *  Few lanes and one request at a time in each: a sample of what the load goes through, not a load.
 *  Before each request is a pause that is drawn: right after a write to all replicas all of them
 *  are busy with it, and a read then would see what no other read does.
 *  Not here: what is made of the traces (leg-samples.ts). */
import type { Client } from '../../client/types.ts';
import { CoterieError } from '../../core/errors.ts';
import { SeededRandom } from '../../core/seeded-random.ts';
import type { Clock } from '../../env/clock.ts';
import type { ClientPlace } from '../key-chooser.ts';
import type { WriteLevel } from '../operations.ts';
import type { LegSamples } from './leg-samples.ts';

export interface LegProbeOptions {
  readonly bucket: string;
  /** N. */
  readonly replicas: number;
  readonly valueBytes: number;
  readonly durability: WriteLevel['durability'];
  /** Of keys: each has another preference list. */
  readonly keys: number;
  readonly seed: number;
  readonly client: ClientPlace;
}

const LANES = 2;
const PAUSE_MS = 20;
const RETRY_MS = 50;

export class LegProbe {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #options: LegProbeOptions;
  readonly #value: Uint8Array;
  readonly #random: SeededRandom;
  #next = 0;

  constructor(client: Client, clock: Clock, options: LegProbeOptions) {
    this.#client = client;
    this.#clock = clock;
    this.#options = options;
    this.#value = new Uint8Array(options.valueBytes);
    this.#random = new SeededRandom(options.seed, `legs ${options.client.index}`);
  }

  /** Settles once `isOver`. Requests that fail are no samples, and it does not reject for them. */
  async run(isOver: () => boolean, samples: LegSamples): Promise<void> {
    const runLane = async (): Promise<void> => {
      while (!isOver()) {
        try {
          await this.#sample(samples);
        } catch (error) {
          if (!(error instanceof CoterieError)) throw error;
          await this.#wait(RETRY_MS);
        }
      }
    };
    const lanes = await Promise.allSettled(Array.from({ length: LANES }, runLane));
    for (const lane of lanes) if (lane.status === 'rejected') throw lane.reason;
  }

  async #sample(samples: LegSamples): Promise<void> {
    const { bucket, replicas, durability, keys } = this.#options;
    const key = `leg-${this.#next % keys}`;
    this.#next += 1;
    await this.#wait(this.#random.float() * PAUSE_MS);
    const written = await this.#client.put(key, this.#value, {
      bucket,
      w: replicas,
      overwrite: true,
      explain: true,
      ...(durability === undefined ? {} : { durability }),
    });
    samples.addWrite(written);
    await this.#wait(this.#random.float() * PAUSE_MS);
    samples.addRead(await this.#client.get(key, { bucket, r: replicas, explain: true }));
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.#clock.setTimer(ms, resolve));
  }
}
