/** Puts the real clock, timers and randomness out of reach: whoever touches them throws, so that a
 *  simulation never depends on the machine in silence. */
import crypto from 'node:crypto';
import { CoterieError } from '../../core/errors.ts';

type Members = Record<string, unknown>;

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
  const replace = (owner: Members, name: string, stub: unknown): void => {
    const real = owner[name];
    owner[name] = stub;
    puts.push(() => {
      owner[name] = real;
    });
  };
  const global = globalThis as unknown as Members;
  for (const name of TIMERS) replace(global, name, refusal(name));
  replace(global, 'Date', NoDate);
  replace(Math as unknown as Members, 'random', refusal('Math.random'));
  replace(performance as unknown as Members, 'now', refusal('performance.now'));
  for (const name of CLOCKS) replace(process as unknown as Members, name, refusal(name));
  for (const name of RANDOM) replace(crypto as unknown as Members, name, refusal(`crypto.${name}`));
  const web = globalThis.crypto as unknown as Members;
  for (const name of ['getRandomValues', 'randomUUID']) {
    replace(web, name, refusal(`crypto.${name}`));
  }
  return puts;
}
