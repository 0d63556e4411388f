/** Tables of histories with the verdict that a checker must give. */
import { expect, it } from 'vitest';
import type { Checker } from '../../../src/sim/checkers/checker.ts';
import { history } from './history-dsl.ts';

/** A title that completes 'accepts ...' or 'rejects ...', and the history. */
export type Judged = readonly (readonly [title: string, text: string])[];

export function accepts(checker: Checker, table: Judged): void {
  for (const [title, text] of table) {
    it(`${checker.name} accepts ${title}`, () => {
      expect(checker.check(history(text))).toEqual([]);
    });
  }
}

export function rejects(checker: Checker, table: Judged): void {
  for (const [title, text] of table) {
    it(`${checker.name} rejects ${title}`, () => {
      const violations = checker.check(history(text));
      expect(violations).not.toEqual([]);
      for (const { check, message } of violations) {
        expect(check).toBe(checker.name);
        expect(message).not.toMatch(/undefined|-1|NaN/);
      }
    });
  }
}
