/** A report as one HTML file that needs nothing else: charts, tables, and where it was measured.
 *  Its policy forbids every request and every script but the two that are in it.
 *  Not here: drawing the charts (src/page/draw.ts, given as text). */
import { chartCards } from './cards.ts';
import type { Chart, ChartCard, LegendEntry, Table } from './chart.ts';
import { html, jsonMarkup, Markup } from './markup.ts';
import type { Measured } from './measured.ts';
import { PAGE_STYLE } from './page-style.ts';
import { figuresTable } from './tables.ts';

/** Code that goes into the page as it is; `licence` is that of the chart library. */
export interface PageCode {
  readonly licence: string;
  readonly chartScript: string;
  readonly chartStyle: string;
  readonly drawScript: string;
}

export interface PageOptions {
  readonly code: PageCode;
  /** sha256 of the UTF-8 text, base64. */
  readonly hash: (text: string) => string;
}

export function reportPage(measured: Measured, { code, hash }: PageOptions): string {
  const cards = chartCards(measured.settings);
  const drawn = cards.flatMap(({ charts }) => charts);
  const style = `${code.chartStyle}\n${PAGE_STYLE}`;
  const scripts = [code.chartScript, code.drawScript].map(inScript);
  const sources = scripts.map((script) => `'sha256-${hash(script)}'`).join(' ');
  const policy =
    `default-src 'none'; script-src ${sources}; style-src 'sha256-${hash(style)}'; ` +
    `base-uri 'none'; form-action 'none'`;
  return html`<!doctype html>
<html lang="en">
<!-- The charts are drawn by uPlot, which is in this file under its licence:
${new Markup(inComment(code.licence))} -->
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${measured.title} - Coterie benchmark</title>
<style>${new Markup(style)}</style>
</head>
<body>
<main>
${headSection(measured)}
${cards.map(cardSection)}
${tableSection(measured)}
${factsSection(measured)}
</main>
<script type="application/json" id="charts">${jsonMarkup(drawn)}</script>
<script>${new Markup(scripts[0] ?? '')}</script>
<script type="module">${new Markup(scripts[1] ?? '')}</script>
</body>
</html>
`.text;
}

function inComment(text: string): string {
  return text.replaceAll('--', '- -').trim();
}

/** The only text that ends a script too early; in code it stands in strings, where this is the
 *  same. */
function inScript(code: string): string {
  return code.replace(/<\/(script)/gi, '<\\/$1');
}

function headSection({ title, settings, notes }: Measured): Markup {
  const count = settings.length === 1 ? 'one setting' : `${settings.length} settings`;
  return html`<header>
<p class="brand">Coterie benchmark</p>
<h1>${title}</h1>
<p class="lead">${count}, measured.</p>
${notes.map((note) => html`<p class="note">${note}</p>`)}
</header>`;
}

function cardSection({ id, title, lead, legend, charts, table }: ChartCard): Markup {
  return html`<section class="card" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
<p class="lead">${lead}</p>
${charts.length === 0 ? html`` : legendList(legend)}
<div class="charts${charts.length > 2 ? ' small' : ''}">
${charts.map(chartFigure)}
</div>
${table === undefined ? html`` : cardTable(table, title)}
</section>`;
}

function cardTable(table: Table, title: string): Markup {
  const { caption } = table;
  if (caption === undefined) return tableMarkup(table, title);
  return html`<p class="caption">${caption}</p>
${tableMarkup(table, caption)}`;
}

function chartFigure({ id, title, alt, table }: Chart): Markup {
  return html`<figure>
<figcaption>${title}</figcaption>
<div class="wide">
<div class="plot" id="${id}" role="img" tabindex="0" aria-label="${alt}"></div>
</div>
<p class="readout" id="${id}-readout" aria-live="polite"></p>
<details><summary>Figures of this chart</summary>
${tableMarkup(table, title)}
</details>
</figure>`;
}

function legendList(legend: readonly LegendEntry[]): Markup {
  return html`<ul class="legend">
${legend.map(
  ({ label, tone, mark }) =>
    html`<li><span class="key ${mark} tone-${tone}" aria-hidden="true"></span>${label}</li>`,
)}
</ul>`;
}

function tableSection(measured: Measured): Markup {
  const table = figuresTable(measured.settings);
  return html`<section class="card all" aria-labelledby="figures-title">
<h2 id="figures-title">All figures</h2>
<p class="lead">In brackets: where the same measurement made again is expected. Processor
seconds are per 1,000 operations.</p>
${tableMarkup(table, 'All figures')}
</section>`;
}

function tableMarkup({ head, rows }: Table, caption: string): Markup {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}, table">
<table>
<thead><tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead>
<tbody>
${rows.map(rowMarkup)}
</tbody>
</table>
</div>`;
}

function rowMarkup([first = '', ...cells]: readonly string[]): Markup {
  return html`<tr><th scope="row">${first}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>
`;
}

function factsSection({ facts }: Measured): Markup {
  return html`<section class="card" aria-labelledby="facts-title">
<h2 id="facts-title">How it was measured</h2>
<dl>
${facts.map(
  ([what, which]) => html`<dt>${what}</dt><dd>${which}</dd>
`,
)}
</dl>
</section>`;
}
