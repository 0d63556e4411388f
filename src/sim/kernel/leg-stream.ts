/** How long does one leg of a profile take this time? Draws of its distribution, from a stream of
 *  the run.
 *  Invariant: a draw shifts no other leg's.
 *  Not here: which message is which leg (network/request-legs.ts), when disks ask
 *  (disk/disk-times.ts). */
import { type LatencyDistribution, LatencySampler } from '../../core/pbs/latency.ts';
import type { Kernel } from './kernel.ts';
import type { RandomStream } from './random-stream.ts';

const US_PER_MS = 1_000;

export class LegStream {
  readonly #random: RandomStream;
  readonly #sampler: LatencySampler;
  readonly #draw = new Float64Array(1);

  constructor(kernel: Kernel, label: string, distribution: LatencyDistribution) {
    this.#random = kernel.stream(`leg ${label}`);
    this.#sampler = new LatencySampler(distribution);
  }

  drawUs(): number {
    this.#draw[0] = this.#random.float();
    this.#sampler.drawFrom(this.#draw);
    return (this.#draw[0] ?? 0) * US_PER_MS;
  }
}
