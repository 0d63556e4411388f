/** Is every option one that a function knows? A name that is spelt wrong would be ignored, and the
 *  work be done in another way than was meant.
 *  Invariant: costs one look in a set per option given, and nothing is made unless one is wrong.
 *  Not here: which options there are, and their values (whoever takes them). */
import { CoterieError } from './errors.ts';
import { nearestName } from './nearest-name.ts';

/** All of them: the compiler finds one that is missing, or too many. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>;

/** Whose options they are, in words, and their names. */
export interface KnownOptions {
  readonly of: string;
  readonly names: ReadonlySet<string>;
}

export function knownOptions(of: string, names: object): KnownOptions {
  return { of, names: new Set(Object.keys(names)) };
}

/** Errors: INVALID_ARGUMENT. */
export function checkOptionNames(options: object, { of, names }: KnownOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new CoterieError('INVALID_ARGUMENT', `The options of ${of} are not an object`);
  }
  for (const name in options) {
    // What somebody added to every object of the program is not an option.
    if (!names.has(name) && Object.hasOwn(options, name)) throw unknown(name, of, names);
  }
}

function unknown(name: string, of: string, names: ReadonlySet<string>): CoterieError {
  const nearest = nearestName(name, names);
  const hint =
    nearest === undefined ? `it takes ${[...names].join(', ')}` : `did you mean ${nearest}`;
  const shown = JSON.stringify(name.slice(0, 80));
  return new CoterieError('INVALID_ARGUMENT', `${shown} is not an option of ${of}; ${hint}`);
}
