import fc from 'fast-check';
import picocolors from 'picocolors';
import { describe, expect, test } from 'vitest';
import { parseRequestId, parseTimeout } from '../../src/cli/arguments.ts';
import { duration } from '../../src/cli/duration.ts';
import { renderTable } from '../../src/cli/table.ts';
import { timeLine, traceText } from '../../src/cli/trace-text.ts';
import { displayValue, encodeValue, shellWord } from '../../src/cli/value-text.ts';

const terminal = { isTerminal: true, colors: picocolors.createColors(false) };

describe('values', () => {
  test('what is printed gives the same bytes back', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.string().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          const { value, encoding } = encodeValue(bytes);
          expect(Buffer.from(value, encoding)).toEqual(Buffer.from(bytes));
        },
      ),
    );
  });

  test('nothing printed on a terminal holds a control character beside newline and tab', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(displayValue(bytes, true)).not.toMatch(/(?![\n\t])\p{Cc}/u);
      }),
    );
  });

  test('bytes that are no text say so', () => {
    expect(displayValue(Uint8Array.of(0xff, 0), false)).toBe('/wA= (base64 of 2 bytes)');
  });

  test('a shell reads a word back as it was', () => {
    expect(['a:1', "it's", '', 'a b'].map(shellWord)).toEqual(['a:1', `'it'\\''s'`, `''`, `'a b'`]);
  });
});

describe('tables', () => {
  const table = {
    head: ['node', 'zone'],
    rows: [
      ['a', 'zone-1'],
      ['node-b', 'z'],
    ],
  };

  test('are aligned on a terminal', () => {
    expect(renderTable(table, terminal)).toBe('node    zone  \na       zone-1\nnode-b  z     \n');
  });

  test('are tab separated elsewhere', () => {
    expect(renderTable(table, { ...terminal, isTerminal: false })).toBe(
      'node\tzone\na\tzone-1\nnode-b\tz\n',
    );
  });
});

describe('tables that are wider than the terminal', () => {
  const linesOf = (shown: string): string[] => shown.split('\n').slice(0, -1);
  const words = 'read_repairs background 33, log link-broken 14, '.repeat(20);

  test('no line is wider than the terminal, and nothing is lost', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.stringMatching(/^[a-z,; ]{0,60}$/), { minLength: 4, maxLength: 4 }), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.integer({ min: 40, max: 120 }),
        (rows, columns) => {
          const cells = rows.map((row, at) => [`k${at}`, ...row]);
          const head = ['key', 'a', 'b', 'c', 'd'];
          const shown = renderTable({ head, rows: cells }, { ...terminal, columns });
          for (const line of linesOf(shown)) expect(line.length).toBeLessThanOrEqual(columns);
          const letters = (text: string): number => text.replace(/[^a-z]/g, '').length;
          for (const text of rows.flat()) {
            expect(letters(shown)).toBeGreaterThanOrEqual(letters(text));
          }
        },
      ),
    );
  });

  test('a long list is wrapped in its column, between its parts', () => {
    const rows = [
      ['runs', '2'],
      ['rare paths', words],
    ];
    const lines = linesOf(renderTable({ head: [], rows }, { ...terminal, columns: 80 }));
    expect(lines.slice(1, -1).every((line) => /^(rare paths| {10}) {2}\S.*, *$/.test(line))).toBe(
      true,
    );
    expect(lines.join(' ').match(/link-broken 14,/g)).toHaveLength(20);
  });

  test('too many columns become several tables that begin with what a row is of', () => {
    const head = ['node', 'peer', ...'abcdefgh'].map((name) => name.padEnd(12, '.'));
    const rows = [head.map((name) => name.toUpperCase())];
    const parts = renderTable({ head, rows, keys: 2 }, { ...terminal, columns: 80 }).split('\n\n');
    expect(parts).toHaveLength(3);
    for (const part of parts) expect(part).toMatch(/^node\.{8} {2}peer\.{8} {2}[a-h]/);
  });

  test('without a width they are as wide as a usual window', () => {
    const shown = renderTable({ head: ['what'], rows: [[words]] }, terminal);
    expect(Math.max(...linesOf(shown).map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  test('programs get each row in one line', () => {
    const shown = renderTable(
      { head: [], rows: [['a', words]] },
      { ...terminal, isTerminal: false },
    );
    expect(shown).toBe(`a\t${words}\n`);
  });
});

describe('traces', () => {
  test('a bar runs from sending to the answer, or dotted to the end when none came', () => {
    const step = { node: 'a', action: 'read', outcome: '', counted: true };
    expect(timeLine({ ...step, sentAtMs: 0, answeredAtMs: 5 }, 10)).toBe(`${'='.repeat(12)}|`);
    expect(timeLine({ ...step, sentAtMs: 5, answeredAtMs: 0 }, 10)).toBe(
      ' '.repeat(12) + '.'.repeat(12),
    );
  });

  test('a bar stays within its width whatever the times are', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true }),
        fc.double({ noNaN: true }),
        fc.double({ noNaN: true }),
        (a, b, c) => {
          const step = { node: 'a', action: 'read', outcome: '', counted: true };
          expect(timeLine({ ...step, sentAtMs: a, answeredAtMs: b }, c).length).toBeLessThanOrEqual(
            25,
          );
        },
      ),
    );
  });

  test('writes name their minter', () => {
    const trace = {
      coordinator: 'a',
      minter: 'b',
      partition: 1,
      layoutVersion: 2,
      steps: [],
      elapsedMs: 123.4,
    };
    expect(traceText(trace, terminal)).toContain('minted by b, partition 1 of layout 2, 123 ms');
  });
});

describe('times and ids', () => {
  test.each([
    ['1', 1],
    ['500ms', 500],
    ['2s', 2_000],
    ['3600s', 3_600_000],
  ])('%s is %i ms', (text, ms) => {
    expect(parseTimeout(text)).toBe(ms);
  });

  test.each(['', '0', '-1', '1.5', '2 s', '1m', '3601s', '0x10'])('%j is no timeout', (text) => {
    expect(() => parseTimeout(text)).toThrow('500, 2s');
  });

  test('a request id is 32 digits or a UUID, and both are the same id', () => {
    fc.assert(
      fc.property(fc.uuid(), (uuid) => {
        const hex = uuid.replaceAll('-', '');
        expect(parseRequestId(uuid.toUpperCase())).toBe(hex);
        expect(parseRequestId(hex)).toBe(hex);
        expect(() => parseRequestId(hex.slice(1))).toThrow('UUID');
      }),
    );
  });

  test.each([
    [0.4, '0 s'],
    [61, '1 min 1 s'],
    [86_400, '1 d'],
    [90_061, '1 d 1 h'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });
});
