import fc from 'fast-check';
import { expect, test } from 'vitest';
import { editDistance, nearestName } from '../../src/core/nearest-name.ts';

test('the closest name is offered, and none when all are far', () => {
  expect(nearestName('timoutMs', ['timeoutMs', 'timeoutMaxMs'])).toBe('timeoutMs');
  expect(nearestName('ZONE', ['zone', 'node'])).toBe('zone');
  expect(nearestName('foo', ['log', 'node'])).toBeUndefined();
  expect(nearestName('logs', ['log', 'node'])).toBe('log');
  expect(nearestName('banana', ['zone', 'node'])).toBeUndefined();
});

test('edit distance is a metric', () => {
  const word = fc.string({ maxLength: 8 });
  fc.assert(
    fc.property(word, word, word, (a, b, c) => {
      expect(editDistance(a, a)).toBe(0);
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
    }),
  );
});
