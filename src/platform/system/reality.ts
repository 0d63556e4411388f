/** Puts the real clock, timers and randomness out of reach: whoever touches them throws, so that a
 *  simulation never depends on the machine in silence. */
import crypto from 'node:crypto';
import { CoterieError } from '../../core/errors.ts';

const TIMERS = ['setTimeout', 'setInterval', 'setImmediate', 'fetch'] as const;
const CLOCKS = ['hrtime', 'uptime', 'nextTick'] as const;
const RANDOM = ['randomBytes', 'randomUUID', 'randomInt', 'randomFillSync'] as const;

function refusal(name: string): () => never {
  return () => {
    throw new CoterieError(
      'ASSERTION_FAILED',
      `The simulation touched ${name}: everything must come through the ports`,
    );
  };
}

class NoDate {
  constructor() {
    refusal('Date')();
  }
  static readonly now = refusal('Date.now');
  static readonly parse = refusal('Date.parse');
  static readonly UTC = refusal('Date.UTC');
}

/** How many ask for it now: simulations may run side by side. */
let depth = 0;
let undo: (() => void)[] = [];

/** Returns what puts everything back once everybody who asked has called theirs. */
export function forbidReality(): () => void {
  if (depth === 0) undo = replaceAll();
  depth += 1;
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    depth -= 1;
    if (depth === 0) for (const put of undo) put();
  };
}

function replaceAll(): (() => void)[] {
  const puts: (() => void)[] = [];
  const replace = (owner: object, name: string, stub: unknown): void => {
    const real: unknown = Reflect.get(owner, name);
    Reflect.set(owner, name, stub);
    puts.push(() => Reflect.set(owner, name, real));
  };
  const forbid = (owner: object, of: string, names: readonly string[]): void => {
    for (const name of names) replace(owner, name, refusal(`${of}${name}`));
  };
  replace(globalThis, 'Date', NoDate);
  forbid(globalThis, '', TIMERS);
  forbid(Math, 'Math.', ['random']);
  forbid(performance, 'performance.', ['now']);
  forbid(process, 'process.', CLOCKS);
  forbid(crypto, 'crypto.', RANDOM);
  forbid(globalThis.crypto, 'crypto.', ['getRandomValues', 'randomUUID']);
  return puts;
}
