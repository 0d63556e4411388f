import { expect, test } from 'vitest';
import { checkOptionNames, knownOptions } from '../../src/core/known-options.ts';

const COOK = knownOptions('cook', { minutes: true, temperature: true });

test.each([
  [{ minuts: 1 }, '"minuts" is not an option of cook; did you mean minutes'],
  [{ zzz: 1 }, '"zzz" is not an option of cook; it takes minutes, temperature'],
])('%j is refused with what was probably meant', (options, message) => {
  expect(() => checkOptionNames(options, COOK)).toThrow(message);
});

test('known options pass, whatever their values, and inherited names are none', () => {
  checkOptionNames({}, COOK);
  checkOptionNames(Object.assign(Object.create({ other: 1 }), { minutes: undefined }), COOK);
});
