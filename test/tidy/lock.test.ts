import { expect, test } from 'vitest';
import { checkLock } from './lock.ts';

const manifest = { dependencies: { a: '^1.0.0' } };
const locked = {
  '': manifest,
  'node_modules/a': { dependencies: { b: '1' }, optionalDependencies: { 'a-linux': '1.0.0' } },
  'node_modules/a-linux': {},
  'node_modules/a/node_modules/b': { dependencies: { a: '1' } },
};

function messages(packages: object): readonly string[] {
  return checkLock(JSON.stringify(manifest), JSON.stringify({ packages })).map((f) => f.message);
}

test('a lock file that names everything is in order', () => {
  expect(messages(locked)).toEqual([]);
});

test('a package that is missing for another platform is a fault', () => {
  const { 'node_modules/a-linux': _, ...rest } = locked;
  expect(messages(rest)).toEqual([expect.stringContaining('no entry for a-linux')]);
});

test('a dependency that package.json names otherwise is a fault', () => {
  const message = expect.stringContaining('its dependencies are not those of package.json');
  expect(messages({ ...locked, '': { dependencies: { a: '^2.0.0' } } })).toEqual([message]);
});
