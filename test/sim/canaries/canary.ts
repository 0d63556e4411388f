/** A canary: a bug of the kind that loses data, put into a copy of the built product. The simulator
 *  must find it; a simulator that does not is no evidence for the product either. */

export type Canary = DrawnCanary | StagedCanary;

interface Bug {
  /** Stays: the stored seeds speak of it. */
  readonly name: string;
  /** Which rule it breaks, and what comes of that. */
  readonly why: string;
  readonly edits: readonly Edit[];
  /** Checks, each of which may be the one that finds it. */
  readonly checks: readonly string[];
}

/** Found by seeds. */
export interface DrawnCanary extends Bug {
  /** What reaches it. */
  readonly workload: string;
  /** Kinds of faults to choose among. */
  readonly faults: readonly string[];
  /** Virtual minutes of a run. */
  readonly minutes: number;
  readonly nodes?: number;
  readonly replicas?: number;
}

/** So much must come together that hardly any seed finds it: a scenario made by hand does. */
export interface StagedCanary extends Bug {
  /** A file, its path from the folder scenarios on, as `coterie sim --replay` takes it. */
  readonly scenario: string;
}

export function isStaged(canary: Canary): canary is StagedCanary {
  return 'scenario' in canary;
}

/** One place of the built product, and what stands there instead. */
export interface Edit {
  /** Below dist. */
  readonly file: string;
  /** Occurs in the file exactly once, so that it is noticed when the product has moved on. */
  readonly find: string;
  readonly replace: string;
}

/** No bug: what was lost is made good so slowly that other things happen before it is. */
export const SLOW_REBUILD: Edit = {
  file: 'sim/cluster/node-settings.js',
  find: 'receiveBytesPerSecondMax: 16 * MIB,',
  replace: 'receiveBytesPerSecondMax: 16,',
};

/** The text with the bug in it. Throws unless the place is there exactly once. */
export function edited(canary: Pick<Canary, 'name'>, edit: Edit, text: string): string {
  const count = text.split(edit.find).length - 1;
  if (count === 1) return text.replace(edit.find, () => edit.replace);
  throw new Error(
    `Canary ${canary.name} does not fit any more: dist/${edit.file} has ${count} times what it ` +
      `replaces, ${JSON.stringify(edit.find)}. Find where that code went, and build the bug ` +
      'in there',
  );
}
