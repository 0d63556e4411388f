/** Figures as people read them: three digits that count, and the range where it is known. */
import { FIGURES, type Figure, type FigureName } from './measured.ts';

/** `12,345`, `123`, `12.3`, `1.23`, `0.123`, `0.0123`. */
export function numberText(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString('en-US');
  if (size >= 10) return value.toFixed(1);
  if (size >= 1 || size === 0) return value.toFixed(2);
  return size >= 0.1 ? value.toFixed(3) : value.toFixed(4);
}

/** A share of 1 as `99.95`. What is not all is never shown as 100, and what is not nothing not as
 *  0. */
export function percentText(share: number): string {
  const percent = share * 100;
  if (percent === 0 || percent === 100) return String(percent);
  for (let digits = 2; digits < 8; digits += 1) {
    const text = percent.toFixed(digits);
    if (Number(text) !== 100 && Number(text) !== 0) return text;
  }
  return percent < 50 ? 'above 0' : 'below 100';
}

export function valueText(name: FigureName, value: number): string {
  return FIGURES[name].unit === '%' ? percentText(value) : numberText(value);
}

/** `1.23 (1.10 to 1.40)`; without the range where it is not known. */
export function figureText(name: FigureName, figure: Figure | undefined): string {
  if (figure === undefined) return '';
  const { value, low, high } = figure;
  const text = valueText(name, value);
  if (low === null || high === null) return text;
  return `${text} (${valueText(name, low)} to ${valueText(name, high)})`;
}

/** `1.23 ±14 %`, for narrow places: the wider side of the range. */
export function shortText(name: FigureName, figure: Figure | undefined): string {
  if (figure === undefined) return '';
  const { value, low, high } = figure;
  const text = valueText(name, value);
  if (low === null || high === null) return text;
  const spread = Math.max(high - value, value - low);
  if (FIGURES[name].unit === '%')
    return spread === 0 ? text : `${text} ±${numberText(spread * 100)}`;
  return value === 0 ? text : `${text} ±${Math.ceil((spread / value) * 100 - 1e-6)} %`;
}

/** `read p99, ms`. */
export function figureTitle(name: FigureName): string {
  const { label, unit } = FIGURES[name];
  return `${label}, ${unit}`;
}
