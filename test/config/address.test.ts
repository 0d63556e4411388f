import { expect, test } from 'vitest';
import { formatAddress, isDialable, parseAddress } from '../../src/config/address.ts';

test.each([
  ['127.0.0.1:7400', { host: '127.0.0.1', port: 7_400 }],
  ['localhost:0', { host: 'localhost', port: 0 }],
  ['db-1.internal:65535', { host: 'db-1.internal', port: 65_535 }],
  ['[::1]:7400', { host: '::1', port: 7_400 }],
])('%s is an address and is written back the same', (text, address) => {
  expect(parseAddress(text)).toEqual(address);
  expect(formatAddress(address)).toBe(text);
});

test.each([
  '',
  'host',
  ':7400',
  'host:',
  'host:65536',
  'host:-1',
  '::1:7400',
  'a b:1',
  'http://a:1',
])('%j is not an address', (text) => {
  expect(parseAddress(text)).toBeUndefined();
});

test('wildcards and port 0 cannot be dialled', () => {
  expect(['a:1', '[::1]:1', '0.0.0.0:1', '[::]:1', 'a:0'].map(isDialable)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});
