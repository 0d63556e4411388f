/** The slices of a run as figures, over all client processes, and the noise that they tell.
 *  Not here: cutting a run into slices (load-slices.ts). */
import { Outcomes } from './outcomes.ts';
import { noiseRatio } from './quorum/noise.ts';
import { SPEED_FIGURES, type SpeedFigure } from './speed-figures.ts';
import type { EncodedLoadResult, EncodedLoadSlice } from './worker-protocol.ts';

/** What nothing is known of is absent; the nodes' processor time is read once for all slices. */
export type RunSlice = Readonly<Partial<Record<SpeedFigure, number>>>;
/** By figure: a second run is expected between value / ratio and value * ratio. */
export type RunNoise = Readonly<Partial<Record<SpeedFigure, number>>>;

export function runSlices(results: readonly EncodedLoadResult[]): RunSlice[] {
  const count = Math.max(0, ...results.map(({ slices }) => slices.length));
  return Array.from({ length: count }, (_, at) =>
    sliceOf(results.flatMap(({ slices }) => slices[at] ?? [])),
  );
}

/** Of the same slice of all clients. */
function sliceOf(parts: readonly EncodedLoadSlice[]): RunSlice {
  const outcomes = new Outcomes();
  let throughput = 0;
  for (const part of parts) {
    const each = Outcomes.decode(part.outcomes);
    outcomes.merge(each);
    // Their slices begin and end by their own clocks: rates add up, and so many seconds do not.
    if (part.seconds > 0) throughput += each.succeeded / part.seconds;
  }
  const { read, write } = outcomes;
  const figures: Record<SpeedFigure, number | undefined> = {
    throughput: throughput === 0 ? undefined : throughput,
    readP50Ms: read.percentileMs(0.5),
    readP99Ms: read.percentileMs(0.99),
    readP999Ms: read.percentileMs(0.999),
    writeP50Ms: write.percentileMs(0.5),
    writeP99Ms: write.percentileMs(0.99),
    writeP999Ms: write.percentileMs(0.999),
  };
  const known = SPEED_FIGURES.filter((name) => figures[name] !== undefined);
  return Object.fromEntries(known.map((name) => [name, figures[name]]));
}

export function runNoise(slices: readonly RunSlice[]): RunNoise {
  return Object.fromEntries(
    SPEED_FIGURES.flatMap((name) => {
      const ratio = noiseRatio([slices.flatMap((slice) => slice[name] ?? [])]);
      return ratio === null ? [] : [[name, ratio] as const];
    }),
  );
}
