/** What is said of several settings at once. */
import { numberText } from './figure-text.ts';
import type { FigureName, MeasuredSetting } from './measured.ts';

export function settingsText(count: number): string {
  return count === 1 ? 'one setting' : `${count} settings`;
}

/** `It goes from 1.20 (N 3, R 1, W 1) to 8.40 (N 3, R 3, W 1).` */
export function extremesText(settings: readonly MeasuredSetting[], name: FigureName): string {
  const there = settings
    .flatMap(({ name: setting, figures }) => {
      const figure = figures[name];
      return figure === undefined ? [] : [{ setting, value: figure.value }];
    })
    .sort((one, other) => one.value - other.value);
  const [lowest] = there;
  const highest = there.at(-1);
  if (lowest === undefined || highest === undefined) return '';
  const what = name === 'throughput' ? 'Throughput a second' : 'The 99th percentile in ms';
  if (there.length === 1) return `${what} is ${numberText(lowest.value)}.`;
  return (
    `${what} goes from ${numberText(lowest.value)} (${lowest.setting}) ` +
    `to ${numberText(highest.value)} (${highest.setting}).`
  );
}
