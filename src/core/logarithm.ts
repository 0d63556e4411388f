/** What is the logarithm of a number, to the last bit the same on every engine.
 *  Invariants: only + - * / are used, which IEEE 754 fixes exactly; the error stays below 4e-15 of
 *  the result or of 1, whichever is larger; ln 1 is 0.
 *  Not here: speed beyond what judging silence asks for (some 20 ns).
 *  Source: ln m = 2 artanh((m - 1) / (m + 1)), by its series. */
import { assert } from './errors.ts';

/** Of terms with odd exponents: (m - 1) / (m + 1) is at most 0.172, the next would be 1e-17. */
const EXPONENT_MAX = 21;
/** 1 / 21, 1 / 19 and so on down to 1: a division costs as much as the rest of a term. */
const COEFFICIENTS: readonly number[] = Array.from(
  { length: (EXPONENT_MAX + 1) / 2 },
  (_, index) => 1 / (EXPONENT_MAX - 2 * index),
);
const TERMS = COEFFICIENTS.length;
const SQRT_HALF = Math.SQRT2 / 2;

/** `value`: above 0 and finite. */
export function naturalLogarithm(value: number): number {
  // Making the message costs more than the logarithm.
  if (!(value > 0 && Number.isFinite(value))) assert(false, `no logarithm of ${value}`);
  let mantissa = value;
  let exponent = 0;
  for (; mantissa > Math.SQRT2; exponent += 1) mantissa /= 2;
  for (; mantissa < SQRT_HALF; exponent -= 1) mantissa *= 2;
  const ratio = (mantissa - 1) / (mantissa + 1);
  const square = ratio * ratio;
  let sum = 0;
  // By index: half the time of an iterator.
  for (let term = 0; term < TERMS; term += 1) sum = sum * square + (COEFFICIENTS[term] ?? 0);
  return exponent * Math.LN2 + 2 * ratio * sum;
}
