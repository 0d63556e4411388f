/** The page of a report in a real browser. Where no Chromium is installed this says so and tests
 *  nothing. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleQuorum, sampleRun } from '../bench/report/sample.ts';
import { Chromium, chromiumPath, type View } from '../support/chromium.ts';
import {
  assertNothingLeft,
  coterie,
  type TemporaryFolder,
  temporaryFolder,
} from '../support/processes.ts';
import { waitUntil } from '../support/wait-until.ts';

const CHROMIUM = chromiumPath();
const MARKUP = '"><script>document.title="owned"</script><img src=x onerror=alert(1)>';
/** Charts of the sample: reads, writes, throughput against latency, 3 settings that are not always
 *  fresh, availability of 9 settings. */
const CHARTS = 15;

const VIEWS: readonly View[] = [
  { width: 1_200, scheme: 'light' },
  { width: 1_200, scheme: 'dark' },
  { width: 400, scheme: 'light' },
];

const TONES = ['read', 'write', 'measured', 'wars', 'coterie', 'plain', 'fault'];
const TEXT_COLORS = ['--ink', '--soft', ...TONES.map((tone) => `--tone-${tone}`)];

const VISIBLE_PIXELS = `
[...document.querySelectorAll('canvas')].map((canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const colors = new Set();
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] === 255) colors.add(data[at] << 16 | data[at + 1] << 8 | data[at + 2]);
  }
  return colors.size;
})`;

if (CHROMIUM === undefined) {
  process.stderr.write('\nNO CHROMIUM ON THE PATH: the page of a report is NOT tested here.\n\n');
}

describe.runIf(CHROMIUM !== undefined)('the page of a report in Chromium', () => {
  let folder: TemporaryFolder;
  let browser: Chromium;

  beforeAll(async () => {
    folder = await temporaryFolder();
    browser = await Chromium.start(CHROMIUM ?? '');
  });

  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
    assertNothingLeft();
  });

  async function pageOf(report: object): Promise<string> {
    const json = join(folder.path, 'report.json');
    const page = join(folder.path, 'report.html');
    await writeFile(json, JSON.stringify(report));
    const { code, stdout, stderr } = await coterie(['bench', 'report', json, '--out', page]);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${page}\n`, stderr: '' });
    return page;
  }

  it.each(VIEWS)('draws every chart at $width px, $scheme, and asks for nothing', async (view) => {
    await browser.open(await pageOf(sampleQuorum()), view);
    expect(await browser.evaluate('document.documentElement.dataset.drawn')).toBe(String(CHARTS));
    const colors = await browser.evaluate<readonly number[]>(VISIBLE_PIXELS);
    expect(colors).toHaveLength(CHARTS);
    expect(Math.min(...colors)).toBeGreaterThan(3);
    expect(browser.complaints).toEqual([]);
    expect(browser.requests).toEqual([]);
    const { scroll, client } = await browser.evaluate<{ scroll: number; client: number }>(
      `(({ scrollWidth, clientWidth }) => ({ scroll: scrollWidth, client: clientWidth }))(
        document.documentElement)`,
    );
    expect(scroll).toBe(client);
  });

  it('takes the colours of the reader, also when they change', async () => {
    const page = await pageOf(sampleQuorum());
    await browser.open(page, { width: 1_200, scheme: 'light' });
    const paper = 'getComputedStyle(document.body).backgroundColor';
    const drawn = 'document.querySelector("canvas").toDataURL()';
    const [lightPaper, lightChart] = [await browser.evaluate(paper), await browser.evaluate(drawn)];
    await browser.setScheme('dark');
    expect(await browser.evaluate(paper)).not.toBe(lightPaper);
    await waitUntil(async () => (await browser.evaluate(drawn)) !== lightChart, {
      deadlineMs: 5_000,
      what: 'the charts to be drawn in dark colours',
    });
  });

  it('has text with enough contrast in both schemes', async () => {
    const page = await pageOf(sampleQuorum());
    for (const scheme of ['light', 'dark'] as const) {
      await browser.open(page, { width: 1_200, scheme });
      for (const name of TEXT_COLORS) {
        const colors = await browser.evaluate<readonly string[]>(
          `[${JSON.stringify(name)}, '--card'].map((each) =>
            getComputedStyle(document.documentElement).getPropertyValue(each).trim())`,
        );
        const [one = '', other = ''] = colors;
        expect(contrast(one, other), `${name} in ${scheme}`).toBeGreaterThan(4.5);
      }
    }
  });

  it('is read with the keyboard: a chart tells its figures from place to place', async () => {
    await browser.open(await pageOf(sampleQuorum()), { width: 1_200, scheme: 'light' });
    await browser.evaluate('document.getElementById("latency-read").focus()');
    const readout = 'document.getElementById("latency-read-readout").textContent';
    const told: string[] = [];
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowLeft']) {
      const before = await browser.evaluate(readout);
      await browser.press(key);
      const text = await waitUntil(
        async () => {
          const now = await browser.evaluate<string>(readout);
          return now !== before && now;
        },
        { deadlineMs: 5_000, what: `${key} to tell something` },
      );
      told.push(text);
    }
    expect(told).toEqual([
      expect.stringMatching(/^R 1, W 1: p50 1\.4, p99 5\.2, p99\.9 14, predicted p50 1\.26, /),
      expect.stringMatching(/^R 2, W 1: /),
      expect.stringMatching(/^R 1, W 1: /),
    ]);
    expect(browser.complaints).toEqual([]);
  });

  it('says the same in tables as in charts, and names every chart for those who do not see it', async () => {
    await browser.open(await pageOf(sampleQuorum()), { width: 1_200, scheme: 'light' });
    expect(
      await browser.evaluate(
        `[...document.querySelectorAll('figure')].every((figure) =>
          figure.querySelector('[role=img]').getAttribute('aria-label').length > 40 &&
          figure.querySelectorAll('tbody tr').length > 0)`,
      ),
    ).toBe(true);
  });

  it.each([
    ['nothing took any time', 0, []],
    ['all took next to none', 1e-300, [[0, 0]]],
    ['all took for ever', 1e15, [[1, 0]]],
    ['nothing ever succeeded', 1, [[0, 1]]],
  ])('draws what nobody expects: %s', async (_what, value, slices) => {
    const names = Object.keys(sampleQuorum().settings[0]?.figures ?? {});
    const figures = Object.fromEntries(names.map((name) => [name, { value }]));
    const { settings, ...report } = sampleQuorum();
    const page = await pageOf({
      ...report,
      settings: settings.slice(0, 2).map((setting) => ({
        ...setting,
        figures,
        freshness: { ...setting.freshness, measured: [[value, 0, 1]] },
        availability: { ...setting.availability, slices },
      })),
    });
    await browser.open(page, { width: 1_200, scheme: 'light' });
    expect(await browser.evaluate('document.documentElement.dataset.drawn')).toBe('7');
    expect(browser.complaints).toEqual([]);
  });

  it('shows markup in a report as text', async () => {
    const report = { ...sampleQuorum({ command: MARKUP }), workload: MARKUP };
    const page = await pageOf({
      ...report,
      settings: report.settings.map((setting) => ({
        ...setting,
        errors: { [MARKUP]: 1 },
        availability: {
          ...setting.availability,
          fault: { ...setting.availability?.fault, node: MARKUP },
        },
      })),
    });
    await browser.open(page, { width: 1_200, scheme: 'light' });
    expect(await browser.evaluate('document.title')).toBe('Quorum settings - Coterie benchmark');
    expect(await browser.evaluate('document.querySelectorAll("img").length')).toBe(0);
    expect(await browser.evaluate('document.body.textContent')).toContain(MARKUP);
    expect(browser.complaints).toEqual([]);
    expect(browser.requests).toEqual([]);
  });

  it('forbids what is not in it to run or to be fetched', async () => {
    await browser.open(await pageOf(sampleRun()), { width: 1_200, scheme: 'light' });
    await browser.evaluate(`
      document.body.insertAdjacentHTML('beforeend', '<img src="http://127.0.0.1:9/x.png">');
      const script = document.createElement('script');
      script.textContent = 'document.title = "owned"';
      document.body.append(script);`);
    expect(await browser.evaluate('document.title')).not.toBe('owned');
    await waitUntil(() => browser.complaints.length >= 2, {
      deadlineMs: 5_000,
      what: 'the browser to say that both were refused',
    });
    expect(browser.complaints.join()).toMatch(/Content Security Policy/);
  });

  it('carries the licence of the chart library', async () => {
    const text = await readFile(await pageOf(sampleRun()), 'utf8');
    expect(text).toMatch(/Copyright \(c\) \d+ Leon Sorokin/);
    expect(text).not.toMatch(/<(link|img|iframe)|src=|@import/);
  });
});

/** Of two colours `#rrggbb`, as WCAG 2 defines it. */
function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
