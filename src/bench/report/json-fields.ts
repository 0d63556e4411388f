/** Reads JSON that came from outside: every access checks, and says by the field's path what is
 *  wrong. Texts, lists and numbers have bounds, so that what was read can be drawn, and no text
 *  that was read moves the cursor of a terminal or turns the direction of what follows.
 *  Errors of all methods: INVALID_ARGUMENT. */
import { CoterieError } from '../../core/errors.ts';

const SHOWN = 60;
const DEPTH_MAX = 16;
const TEXT_MAX = 4_096;
const LIST_MAX = 10_000;
const NAMES_MAX = 256;
const NUMBER_MAX = 1e15;

export class JsonFields {
  readonly #members: Readonly<Record<string, unknown>>;
  readonly #path: string;

  constructor(value: unknown, path = '') {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw refusal(path === '' ? 'it' : path, value, 'an object');
    }
    // Without a prototype, or a field that is missing might be one of Object's.
    this.#members = Object.assign(Object.create(null), value);
    this.#path = path;
  }

  get names(): readonly string[] {
    const names = Object.keys(this.#members);
    if (names.length <= NAMES_MAX) return names;
    throw refusal(this.#path, this.#members, `an object of at most ${NAMES_MAX} members`);
  }

  has(name: string): boolean {
    return this.#members[name] !== undefined && this.#members[name] !== null;
  }

  /** For somebody else to check. */
  unchecked(name: string): unknown {
    return this.#members[name];
  }

  text(name: string): string {
    const value = this.#members[name];
    if (typeof value === 'string' && value.length <= TEXT_MAX) return visible(value);
    throw refusal(this.#pathOf(name), value, `a text of at most ${TEXT_MAX} characters`);
  }

  number(name: string): number {
    return numberAt(this.#members[name], this.#pathOf(name));
  }

  /** Not below 0. */
  amount(name: string): number {
    return amountAt(this.#members[name], this.#pathOf(name));
  }

  /** undefined when it is absent or null. */
  amountIfAny(name: string): number | undefined {
    return this.has(name) ? this.amount(name) : undefined;
  }

  isTrue(name: string): boolean {
    const value = this.#members[name];
    if (value === undefined || typeof value === 'boolean') return value === true;
    throw refusal(this.#pathOf(name), value, 'true or false');
  }

  fields(name: string): JsonFields {
    return new JsonFields(this.#members[name], this.#pathOf(name));
  }

  list(name: string): readonly JsonFields[] {
    const path = this.#pathOf(name);
    return this.#listOf(name).map((each, at) => new JsonFields(each, `${path}[${at}]`));
  }

  amounts(name: string): readonly number[] {
    const path = this.#pathOf(name);
    return this.#listOf(name).map((each, at) => amountAt(each, `${path}[${at}]`));
  }

  /** Amounts, three of them in each row. */
  triples(name: string): readonly (readonly [number, number, number])[] {
    return this.#rows(name, 3).map(([a = 0, b = 0, c = 0]) => [a, b, c]);
  }

  /** Amounts, two of them in each row. */
  pairs(name: string): readonly (readonly [number, number])[] {
    return this.#rows(name, 2).map(([a = 0, b = 0]) => [a, b]);
  }

  /** Every leaf by its path, as text: for showing and for comparing. */
  flat(): ReadonlyMap<string, string> {
    const leaves = new Map<string, string>();
    const visit = (value: unknown, path: string, depth: number): void => {
      if (value === undefined) return;
      if (typeof value !== 'object' || value === null) {
        if (leaves.size > LIST_MAX) throw refusal(path, value, 'smaller');
        leaves.set(path, visible(typeof value === 'string' ? value : JSON.stringify(value)));
        return;
      }
      if (depth === DEPTH_MAX) throw refusal(path, value, 'less deep');
      for (const [name, each] of Object.entries(value)) {
        visit(each, path === '' ? visible(name) : `${path}.${visible(name)}`, depth + 1);
      }
    };
    visit(this.#members, this.#path, 0);
    return leaves;
  }

  /** That something in it is not as it must be, said like all other faults. */
  refusal(name: string, wanted: string): CoterieError {
    return refusal(this.#pathOf(name), this.#members[name], wanted);
  }

  #rows(name: string, length: number): readonly (readonly number[])[] {
    const path = this.#pathOf(name);
    return this.#listOf(name).map((row, at) => {
      if (Array.isArray(row) && row.length === length) {
        return row.map((each, column) => amountAt(each, `${path}[${at}][${column}]`));
      }
      throw refusal(`${path}[${at}]`, row, `a list of ${length} numbers`);
    });
  }

  #listOf(name: string): readonly unknown[] {
    const value = this.#members[name];
    if (Array.isArray(value) && value.length <= LIST_MAX) return value;
    throw refusal(this.#pathOf(name), value, `a list of at most ${LIST_MAX}`);
  }

  #pathOf(name: string): string {
    return visible(this.#path === '' ? name : `${this.#path}.${name}`);
  }
}

function numberAt(value: unknown, path: string): number {
  if (typeof value === 'number' && Math.abs(value) <= NUMBER_MAX) return value;
  throw refusal(path, value, 'a number');
}

function amountAt(value: unknown, path: string): number {
  const number = numberAt(value, path);
  if (number >= 0) return number;
  throw refusal(path, value, 'a number not below 0');
}

function refusal(path: string, value: unknown, wanted: string): CoterieError {
  const shown = value === undefined ? 'missing' : shownText(value);
  const short = shown.length > SHOWN ? `${shown.slice(0, SHOWN)}...` : shown;
  return new CoterieError('INVALID_ARGUMENT', `${path} is ${visible(short)}; it must be ${wanted}`);
}

/** Control characters as escapes. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  });
}

/** Not the whole of something large only to show its beginning. */
function shownText(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'object' && value !== null ? 'an object' : JSON.stringify(value);
}
