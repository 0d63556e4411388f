/** Words of history-dsl.ts: spans, levels, values. */
import type { Seen, StoredSibling } from '../../../src/sim/history.ts';
import type { LevelChoice } from '../../../src/sim/scenario.ts';

const LEVELS = [
  'any',
  'one',
  'two',
  'three',
  'quorum',
  'all',
  'local_one',
  'local_quorum',
  'each_quorum',
] as const;

export function isLevel(word: string): boolean {
  return LEVELS.some((level) => level === word) || /^[rw]=\d+$/.test(word);
}

export function spanOf(word: string): [number, number] {
  const match = /^\[(\d+),(\d+|-)\]$/.exec(word);
  if (match === null) throw new Error(`'${word}' is no span of time`);
  return [Number(match[1]), match[2] === '-' ? Number.POSITIVE_INFINITY : Number(match[2])];
}

export function levelOf(word: string): LevelChoice {
  const raw = /^([rw])=(\d+)$/.exec(word);
  if (raw === null) return { level: word as (typeof LEVELS)[number] };
  const count = Number(raw[2]);
  return raw[1] === 'r' ? { r: count, w: 1 } : { r: 1, w: count };
}

export function neededBy(choice: LevelChoice, verb: 'read' | 'write', replicas: number): number {
  if (!('level' in choice)) return verb === 'read' ? choice.r : choice.w;
  switch (choice.level) {
    case 'two':
      return 2;
    case 'three':
      return 3;
    case 'all':
      return replicas;
    case 'quorum':
    case 'local_quorum':
    case 'each_quorum':
      return Math.floor(replicas / 2) + 1;
    default:
      return 1;
  }
}

export function firstNodes(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `n${index}`);
}

export function seenOf(item: string): Seen {
  const { write, text, dot } = parseValue(item);
  return { write, text, dot };
}

export function storedOf(item: string): StoredSibling {
  const isTombstone = item.startsWith('!');
  const { write, text, dot } = parseValue(isTombstone ? item.slice(1) : item);
  return { dot, isTombstone, write, contentHash: hashOf(text) };
}

function parseValue(item: string): Seen {
  if (item.startsWith('?')) return { write: undefined, text: item.slice(1), dot: `d${item}` };
  const [id = '', dot] = item.split('@');
  if (!/^\d+$/.test(id)) throw new Error(`'${item}' is no value`);
  return { write: Number(id), text: `w${id}`, dot: dot ?? `d${id}` };
}

function hashOf(text: string): number {
  let hash = 0;
  for (const character of text) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return hash;
}

export function hexOf(siblings: readonly StoredSibling[]): string {
  return siblings
    .map(({ dot, isTombstone, contentHash }) => `${isTombstone ? '!' : ''}${dot}=${contentHash}`)
    .sort()
    .map((text) => [...text].map((c) => (c.codePointAt(0) ?? 0).toString(16)).join(''))
    .join('2c');
}

/** `12`, or `12s` for microseconds. */
export function numberIn(word: string): number {
  return word.endsWith('s') ? Number(word.slice(0, -1)) * 1_000_000 : Number(word);
}
