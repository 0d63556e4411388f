/** The kinds of value a configuration key can have. Each makes a zod type and files its
 *  documentation beside it, so that checks, defaults, messages, `config print` and
 *  docs/configuration.md cannot drift apart. */
import { z } from 'zod';
import { isDialable, parseAddress } from './address.ts';

export interface KeyDocumentation {
  /** What one unit of the number is; 'name', 'path', ... for the rest. */
  readonly unit: string;
  /** What the key does and why its default is what it is: one or two sentences. */
  readonly reason: string;
  /** The option of `coterie start` that sets it. */
  readonly flag?: string;
}

interface RegisteredKey extends KeyDocumentation {
  /** Completes the sentence "it must be ...". */
  readonly expects: string;
}

export const keyRegistry: z.core.$ZodRegistry<RegisteredKey> = z.registry<RegisteredKey>();

interface NumberRange {
  readonly min: number;
  readonly max: number;
  readonly default: number;
}

export function wholeNumber(range: NumberRange, documentation: KeyDocumentation) {
  const expects = `a whole number from ${grouped(range.min)} to ${grouped(range.max)}`;
  return z
    .int()
    .min(range.min)
    .max(range.max)
    .default(range.default)
    .register(keyRegistry, { ...documentation, expects });
}

export function ratio(range: NumberRange, documentation: KeyDocumentation) {
  const expects = `a number from ${range.min} to ${range.max}`;
  return z
    .number()
    .min(range.min)
    .max(range.max)
    .default(range.default)
    .register(keyRegistry, { ...documentation, expects });
}

export function oneOf<const T extends readonly [string, ...string[]]>(
  values: T,
  initial: T[number],
  documentation: KeyDocumentation,
) {
  const expects = `one of ${values.join(', ')}`;
  return z
    .enum(values)
    .default(() => initial as z.util.NoUndefined<T[number]>)
    .register(keyRegistry, { ...documentation, expects });
}

interface TextRule {
  readonly pattern: RegExp;
  readonly expects: string;
}

export function text(rule: TextRule, initial: string, documentation: KeyDocumentation) {
  return z
    .string()
    .regex(rule.pattern)
    .default(initial)
    .register(keyRegistry, { ...documentation, expects: rule.expects });
}

export function optionalText(rule: TextRule, documentation: KeyDocumentation) {
  return z
    .string()
    .regex(rule.pattern)
    .exactOptional()
    .register(keyRegistry, { ...documentation, expects: rule.expects });
}

const ADDRESS_EXPECTS = 'HOST:PORT with a port from 0 to 65,535, such as 127.0.0.1:7400';

export function address(initial: string, documentation: KeyDocumentation) {
  return z
    .string()
    .refine((value) => parseAddress(value) !== undefined)
    .default(initial)
    .register(keyRegistry, { ...documentation, expects: ADDRESS_EXPECTS });
}

export function optionalAddress(documentation: KeyDocumentation) {
  return z
    .string()
    .refine((value) => parseAddress(value) !== undefined)
    .exactOptional()
    .register(keyRegistry, { ...documentation, expects: ADDRESS_EXPECTS });
}

const LISTED_ADDRESSES_MAX = 32;

/** In a file a list; in the environment the addresses stand in one text, with commas between. */
export function dialableAddresses(documentation: KeyDocumentation) {
  const expects =
    `a list of at most ${LISTED_ADDRESSES_MAX} addresses HOST:PORT that can be dialled, such as ` +
    'db-1:7400';
  return z
    .array(z.string().refine(isDialable))
    .max(LISTED_ADDRESSES_MAX)
    .default(() => [])
    .register(keyRegistry, { ...documentation, expects });
}

/** 1234567 -> 1,234,567 */
function grouped(value: number): string {
  return value.toLocaleString('en-US');
}
