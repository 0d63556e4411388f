/** How figures are written. */
import { describe, expect, it } from 'vitest';
import {
  figureText,
  numberText,
  percentText,
  shortText,
} from '../../../src/bench/report/figure-text.ts';
import { html, jsonMarkup } from '../../../src/bench/report/markup.ts';

describe('figures as text', () => {
  it.each([
    [12_345.6, '12,346'],
    [123.4, '123'],
    [12.34, '12.3'],
    [1.234, '1.23'],
    [0.1234, '0.123'],
    [0.01234, '0.0123'],
    [0, '0.00'],
  ])('%d is %s', (value, text) => {
    expect(numberText(value)).toBe(text);
  });

  it('never rounds what is not all to all, nor what is not nothing to nothing', () => {
    const texts = [1, 0.99951, 0.9999999, 0.00000001, 0].map(percentText);
    expect(texts).toEqual(['100', '99.95', '99.99999', '0.000001', '0']);
  });

  it('gives ranges in full, and short where it is narrow', () => {
    const figure = { value: 1.234, low: 1.2, high: 1.3 };
    expect(figureText('readP50Ms', figure)).toBe('1.23 (1.20 to 1.30)');
    expect(shortText('readP50Ms', figure)).toBe('1.23 ±6 %');
    expect(shortText('readP50Ms', { value: 1.234, low: null, high: null })).toBe('1.23');
    expect(shortText('readP50Ms', undefined)).toBe('');
  });
});

describe('markup', () => {
  it('escapes whatever is put into it, and nothing ends a script', () => {
    expect(html`<b title="${'"><i>'}">${"<script>'&"}</b>`.text).toBe(
      '<b title="&quot;&gt;&lt;i&gt;">&lt;script&gt;&#39;&amp;</b>',
    );
    expect(jsonMarkup('</script><!--').text).toBe('"\\u003c/script>\\u003c!--"');
  });
});
