/** Legs of one or more trials as tests write them down. */
import fc from 'fast-check';
import type { LegDraws } from '../../../src/core/pbs/trial.ts';
import { uniform } from './arbitrary.ts';

type Lists = { readonly [Leg in keyof LegDraws]: readonly number[] };

/** Legs that are left out take no time. */
export function legDraws(replicas: number, lists: Partial<Lists>): LegDraws {
  const trials = Math.max(1, ...Object.values(lists).map((list) => list.length / replicas));
  const column = (list: readonly number[] | undefined) =>
    Float64Array.from(list ?? new Array<number>(Math.ceil(trials) * replicas).fill(0));
  return {
    write: column(lists.write),
    ack: column(lists.ack),
    read: column(lists.read),
    response: column(lists.response),
    commit: column(lists.commit),
    mint: column(lists.mint ?? lists.commit),
    lookup: column(lists.lookup),
    ownLookup: column(lists.ownLookup ?? lists.lookup),
    chance: Float64Array.from(lists.chance ?? new Array<number>(trials * (replicas + 1)).fill(0)),
  };
}

/** One trial with times that often are equal. */
export function anyLegDraws(replicas: number): fc.Arbitrary<LegDraws> {
  const times = fc.array(fc.nat(8), { minLength: replicas, maxLength: replicas });
  return fc
    .record({
      write: times,
      ack: times,
      read: times,
      response: times,
      commit: times,
      mint: times,
      lookup: times,
      ownLookup: times,
      chance: fc.array(uniform, { minLength: replicas + 1, maxLength: replicas + 1 }),
    })
    .map((lists) => legDraws(replicas, lists));
}
