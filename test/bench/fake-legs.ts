/** A node that between two looks stores a write, sends it to two others and looks twice. */
import type { NodeLegs } from '../../src/client/node-legs.ts';
import { LegCounts } from '../../src/core/pbs/leg-counts.ts';

export class FakeLegs {
  readonly #counts = new LegCounts();

  async look(): Promise<NodeLegs[]> {
    const counts = this.#counts;
    counts.minted(3);
    counts.copied(4, 3);
    counts.copied(4, 3);
    counts.together(4, 4);
    counts.lookedUp(0.1);
    counts.read(1.1, 0.1);
    return [{ start: 'a 1', counts: counts.encode() }];
  }
}
