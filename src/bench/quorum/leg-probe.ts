/** Asks for explained requests that wait for every replica, so that all their legs are seen.
 *  One lane, one request at a time: a sample of what the load goes through, not a load.
 *  Not here: what is made of the traces (leg-samples.ts). */
import type { Client } from '../../client/types.ts';
import { CoterieError } from '../../core/errors.ts';
import type { Clock } from '../../env/clock.ts';
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
}

const RETRY_MS = 50;

export class LegProbe {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #options: LegProbeOptions;
  readonly #value: Uint8Array;
  #next = 0;

  constructor(client: Client, clock: Clock, options: LegProbeOptions) {
    this.#client = client;
    this.#clock = clock;
    this.#options = options;
    this.#value = new Uint8Array(options.valueBytes);
  }

  /** Settles once `isOver`. Requests that fail are no samples, and it does not reject for them. */
  async run(isOver: () => boolean, samples: LegSamples): Promise<void> {
    while (!isOver()) {
      try {
        await this.#sample(samples);
      } catch (error) {
        if (!(error instanceof CoterieError)) throw error;
        await new Promise<void>((resolve) => this.#clock.setTimer(RETRY_MS, resolve));
      }
    }
  }

  async #sample(samples: LegSamples): Promise<void> {
    const { bucket, replicas, durability, keys } = this.#options;
    const key = `leg-${this.#next % keys}`;
    this.#next += 1;
    const written = await this.#client.put(key, this.#value, {
      bucket,
      w: replicas,
      overwrite: true,
      explain: true,
      ...(durability === undefined ? {} : { durability }),
    });
    samples.addWrite(written);
    samples.addRead(await this.#client.get(key, { bucket, r: replicas, explain: true }));
  }
}
