import { describe, expect, it } from 'vitest';
import { OFFERED } from '../../../src/sim/capabilities.ts';
import {
  FAULT_KINDS,
  FAULTS,
  isFaultKind,
  WAITING_FAULTS,
} from '../../../src/sim/faults/catalogue.ts';

describe('the catalogue of faults', () => {
  it('says of every kind in one sentence what it does', () => {
    for (const kind of FAULT_KINDS) {
      expect(FAULTS[kind].summary).toMatch(/^[A-Z].*[^.]$/);
    }
    expect(new Set(FAULT_KINDS.map((kind) => FAULTS[kind].summary)).size).toBe(FAULT_KINDS.length);
  });

  it('knows which names are faults', () => {
    expect(isFaultKind('bit-rot')).toBe(true);
    expect(isFaultKind('toString')).toBe(false);
    expect(isFaultKind('earthquake')).toBe(false);
  });

  it('lets no fault wait for something that is offered already', () => {
    for (const { needs } of WAITING_FAULTS) {
      expect(needs.every((need) => OFFERED.includes(need))).toBe(false);
    }
  });
});
