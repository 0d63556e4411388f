/** What a benchmark asks for: shares of operations and the distribution of keys. The five letters
 *  are the core workloads of YCSB (Cooper et al. 2010, table 2) that need no scans. */
import { CoterieError } from '../core/errors.ts';
import type { Chance } from './chance.ts';
import type { Distribution } from './key-chooser.ts';

export const OPERATIONS = ['read', 'update', 'insert', 'rmw'] as const;
/** `rmw` reads a key and writes it with the context that it read. */
export type Operation = (typeof OPERATIONS)[number];

/** Shares of 1; their sum is 1. */
export type Mix = Readonly<Record<Operation, number>>;

export interface Workload {
  readonly name: string;
  readonly mix: Mix;
  readonly distribution: Distribution;
}

const NOTHING: Mix = { read: 0, update: 0, insert: 0, rmw: 0 };

const CORE: Readonly<Record<string, Workload>> = {
  a: { name: 'a', mix: { ...NOTHING, read: 0.5, update: 0.5 }, distribution: 'zipfian' },
  b: { name: 'b', mix: { ...NOTHING, read: 0.95, update: 0.05 }, distribution: 'zipfian' },
  c: { name: 'c', mix: { ...NOTHING, read: 1 }, distribution: 'zipfian' },
  d: { name: 'd', mix: { ...NOTHING, read: 0.95, insert: 0.05 }, distribution: 'latest' },
  f: { name: 'f', mix: { ...NOTHING, read: 0.5, rmw: 0.5 }, distribution: 'zipfian' },
};

/** Errors: INVALID_ARGUMENT. */
export function coreWorkload(letter: string): Workload {
  const workload = CORE[letter.toLowerCase()];
  if (workload !== undefined) return workload;
  const why = letter.toLowerCase() === 'e' ? ': E scans ranges of keys, which Coterie has not' : '';
  throw new CoterieError(
    'INVALID_ARGUMENT',
    `There is no workload ${JSON.stringify(letter)}; there are a, b, c, d and f${why}`,
  );
}

/** `read=50,update=50` in any unit, made shares of 1. Errors: INVALID_ARGUMENT. */
export function parseMix(text: string): Mix {
  const mix: Record<Operation, number> = { ...NOTHING };
  for (const part of text.split(',')) {
    const [name, amount, ...more] = part.split('=').map((word) => word.trim());
    const operation = OPERATIONS.find((each) => each === name);
    if (operation === undefined || more.length > 0 || !/^\d+(\.\d+)?$/.test(amount ?? '')) {
      throw new CoterieError(
        'INVALID_ARGUMENT',
        `${JSON.stringify(part)} is no part of a mix; one is read=50,update=45,insert=5 and the ` +
          `operations are ${OPERATIONS.join(', ')}`,
      );
    }
    mix[operation] += Number(amount);
  }
  const sum = OPERATIONS.reduce((total, operation) => total + mix[operation], 0);
  if (sum <= 0) throw new CoterieError('INVALID_ARGUMENT', `The mix ${text} asks for nothing`);
  for (const operation of OPERATIONS) mix[operation] /= sum;
  return mix;
}

export function chooseOperation(mix: Mix, random: Chance): Operation {
  let left = random.float();
  let last: Operation = 'read';
  for (const operation of OPERATIONS) {
    if (mix[operation] === 0) continue;
    last = operation;
    left -= mix[operation];
    if (left < 0) return operation;
  }
  return last;
}
