/** docs/log-events.md names every event that the source logs, with its levels, and no other. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');

/** Events whose names are no literals where they are logged. Passing on what others log is none. */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  'src/node/gossip/announcements.ts': ['info member-up', 'warn member-down', 'warn member-flap'],
  'src/node/gossip/findings.ts': ['warn wrong-clock', 'warn amnesia', 'warn table-full'],
  'src/node/gossip/outsider-log.ts': ['info no-cluster', 'warn no-cluster'],
  'src/node/node.ts': ['error storage-failed', 'error member-stopped'],
  'src/node/repair/rebuild.ts': ['error rebuild-not-begun', 'error rebuild-not-finished'],
  'src/platform/rocksdb/rocksdb-folder.ts': ['warn folder-not-probed', 'warn readings-not-noted'],
  'src/platform/system/named-log.ts': [],
};

interface Logged {
  readonly literal: readonly string[];
  readonly hasOther: boolean;
}

/** `level event` of each call of a log in the text. */
function loggedIn(text: string): Logged {
  const literal: string[] = [];
  let hasOther = false;
  const call = /\blog\??(?:\.(debug|info|warn|error)|\[([^\]]+)\])\(\s*([^\s,)]+)/gi;
  for (const [, level, computed = '', event = ''] of text.replace(/#log/g, 'log').matchAll(call)) {
    const name = /^'([a-z-]+)'$/.exec(event)?.[1];
    const levels = level === undefined ? levelsIn(computed) : [level];
    if (name === undefined || levels.length === 0) hasOther = true;
    else literal.push(...levels.map((each) => `${each} ${name}`));
  }
  return { literal, hasOther };
}

/** `isBad ? 'warn' : 'info'`. */
function levelsIn(computed: string): string[] {
  return [...computed.matchAll(/'(debug|info|warn|error)'/g)].map(([, level = '']) => level);
}

function logged(): Set<string> {
  const all = new Set(Object.values(ELSEWHERE).flat());
  const others: string[] = [];
  for (const name of readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue;
    const path = `src/${name}`;
    const { literal, hasOther } = loggedIn(readFileSync(join(ROOT, path), 'utf8'));
    for (const each of literal) all.add(each);
    if (hasOther) others.push(path);
  }
  expect(others.sort(), 'name here what these log').toEqual(Object.keys(ELSEWHERE).sort());
  return all;
}

/** Of the rows of its tables. */
function documented(): Set<string> {
  const all = new Set<string>();
  for (const line of readFileSync(join(ROOT, 'docs', 'log-events.md'), 'utf8').split('\n')) {
    const [, names = '', levels = ''] = line.split('|');
    for (const [, name] of names.matchAll(/`([a-z-]+)`/g)) {
      for (const level of levels.trim().split(', ')) all.add(`${level} ${name}`);
    }
  }
  return all;
}

test('calls are found however they are written', () => {
  const text = `
    this.#env.log.info('one', {}); options.log.error('two-words', {
    this.#log[isBad ? 'warn' : 'info']('three'); log.debug(
      'four',
    ); catalog.info('five'); Math.log(6);`;
  const four = ['info one', 'error two-words', 'warn three', 'info three', 'debug four'];
  expect(loggedIn(text)).toEqual({ literal: four, hasOther: false });
  expect(loggedIn('log.warn(event)')).toEqual({ literal: [], hasOther: true });
});

test('docs/log-events.md has every event of the source, and no other', () => {
  expect([...documented()].sort()).toEqual([...logged()].sort());
});
