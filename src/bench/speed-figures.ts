/** How fast something was, in the figures that runs, slices and settings have alike. */
export const SPEED_FIGURES = [
  'throughput',
  'readP50Ms',
  'readP99Ms',
  'readP999Ms',
  'writeP50Ms',
  'writeP99Ms',
  'writeP999Ms',
] as const;
export type SpeedFigure = (typeof SPEED_FIGURES)[number];
