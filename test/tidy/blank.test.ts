import { expect, test } from 'vitest';
import { blank } from './blank.ts';

const code = (text: string): string => blank(text, 'comments and strings');

test('comments vanish, lines and offsets stay', () => {
  const text = 'a; // Date.now\n/* Date\n.now */ b;';
  expect(blank(text, 'comments')).toBe('a;            \n       \n        b;');
});

test('contents of strings vanish only when asked', () => {
  expect(blank("f('x // y')", 'comments')).toBe("f('x // y')");
  expect(code("f('x // y')")).toBe("f('      ')");
});

test('an escaped quote does not end a string', () => {
  expect(code("f('it\\'s', x)")).toBe("f('     ', x)");
});

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: the samples are source text
test('expressions inside a template literal are code, its text is not', () => {
  expect(code('`Date ${Date.now({ a: `x${y}` })} Date`;')).toBe(
    '`     ${Date.now({ a: ` ${y}` })}     `;',
  );
});

// biome-ignore-end lint/suspicious/noTemplateCurlyInString: the samples are source text

test('a quote or slash inside a regular expression opens nothing', () => {
  expect(code('x = /[\'"/]+/g; Date.now()')).toBe('x = /      /g; Date.now()');
  expect(code("if (/'/.test(a)) Date")).toBe('if (/ /.test(a)) Date');
});

test('a division is no regular expression', () => {
  expect(code('a = b / c; d = "x" / 2')).toBe('a = b / c; d = " " / 2');
});
