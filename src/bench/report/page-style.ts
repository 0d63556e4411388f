/** How a report looks. Colours are custom properties, so that charts, which are drawn and not
 *  styled, take the same ones; `data-scheme` on the root overrides the reader's scheme for
 *  printing. */

const LIGHT = `color-scheme: light;
--paper: #f5f5f2; --card: #ffffff; --ink: #1b1c1e; --soft: #5b5e64; --rule: #e2e2dd; --grid:
#ecece8;
--tone-read: #0b62b3; --tone-write: #b33a0c; --tone-measured: #0b62b3; --tone-wars: #b05a06;
--tone-coterie: #0c7a5c; --tone-plain: #5b5e64; --tone-fault: #b3261e;`;

const DARK = `color-scheme: dark;
--paper: #121315; --card: #1a1c1f; --ink: #e9e9e6; --soft: #a5a9b0; --rule: #30333a; --grid:
#26282d;
--tone-read: #6db3ff; --tone-write: #ff9a76; --tone-measured: #6db3ff; --tone-wars: #f2a862;
--tone-coterie: #5bd2ac; --tone-plain: #a5a9b0; --tone-fault: #ff8a80;`;

export const PAGE_STYLE: string = `
:root { ${LIGHT} }
@media (prefers-color-scheme: dark) { :root { ${DARK} } }
:root[data-scheme="light"] { ${LIGHT} }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 62rem; margin: 0 auto; padding: 3rem 1.5rem 4rem; }
header { margin-bottom: 2rem; }
h1 {
  font-size: 2rem; line-height: 1.2; margin: 0 0 .4rem; letter-spacing: -.015em; font-weight:
  650;
}
h2 {
  font-size: 1.2rem; line-height: 1.3; margin: 0 0 .35rem; letter-spacing: -.005em; font-weight:
  620;
}
p { margin: 0; }
.brand { color: var(--soft); font-size: .85rem; margin-bottom: .35rem; }
.lead { color: var(--soft); max-width: 46rem; text-wrap: pretty; }
.note {
  margin-top: .9rem; padding-left: .8rem; border-left: 3px solid var(--tone-wars); max-width: 44rem;
}
.card {
  background: var(--card); border: 1px solid var(--rule); border-radius: 10px;
  padding: 1.5rem 1.6rem 1.6rem; margin-bottom: 1.25rem;
}
.legend {
  display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; margin: .9rem 0 0; padding: 0; list-style:
  none;
  font-size: .875rem;
}
.legend li { display: flex; align-items: center; gap: .5rem; }
.key { display: inline-block; flex: none; width: 1.6rem; border-top: 2.5px solid currentColor; }
.key.p50, .key.p99 {
  width: .65rem; height: .65rem; border: 2px solid currentColor; border-radius: 50%;
}
.key.p50 { background: currentColor; }
.key.p999 { width: .8rem; }
.key.diamond, .key.diamond-open {
  width: .6rem; height: .6rem; border: 2px solid currentColor; transform: rotate(45deg);
}
.key.diamond { background: currentColor; }
.key.span, .key.band { height: .8rem; border: 0; background: currentColor; opacity: .22; }
.key.line.tone-wars { border-top-style: dashed; }
.key.line.tone-coterie { border-top-style: dotted; border-top-width: 3px; }
.tone-read { color: var(--tone-read); }
.tone-write { color: var(--tone-write); }
.tone-measured { color: var(--tone-measured); }
.tone-wars { color: var(--tone-wars); }
.tone-coterie { color: var(--tone-coterie); }
.tone-plain { color: var(--tone-plain); }
.tone-fault { color: var(--tone-fault); }
.charts {
  display: grid; grid-template-columns: minmax(0, 1fr); gap: 1.4rem 2rem; margin-top: 1.2rem;
}
.charts:not(:has(figure)) { display: none; }
.charts.small { grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 1fr)); }
.charts + .scroll { margin-top: 1.4rem; }
.caption { font-weight: 600; font-size: .95rem; margin-top: 1.6rem; }
figure { margin: 0; min-width: 0; }
figcaption { font-weight: 600; font-size: .95rem; margin-bottom: .4rem; }
.plot { height: 19rem; }
.small .plot { height: 14rem; }
.plot .u-hz .u-cursor-x { border-right-color: var(--soft); }
.readout {
  min-height: 1.4em; color: var(--soft); font-size: .8125rem; font-variant-numeric:
  tabular-nums;
}
summary { cursor: pointer; color: var(--soft); font-size: .8125rem; width: fit-content; }
summary:focus-visible, .scroll:focus-visible, .plot:focus-visible {
  outline: 2px solid var(--tone-read); outline-offset: 2px;
}
details[open] summary { margin-bottom: .4rem; }
.scroll, .wide { overflow-x: auto; overflow-y: hidden; }
.wide { margin: -3px; padding: 3px; }
table {
  border-collapse: collapse; font-size: .8125rem; font-variant-numeric: tabular-nums; min-width:
  100%;
}
.card > .scroll { margin-top: 1rem; }
.card > .caption + .scroll { margin-top: .4rem; }
th, td {
  text-align: right; padding: .42rem .75rem; border-bottom: 1px solid var(--rule); white-space:
  nowrap;
}
thead th {
  color: var(--soft); font-weight: 500; vertical-align: bottom; white-space: normal; min-width:
  4.5rem;
}
th:first-child { text-align: left; min-width: 0; padding-left: 0; font-weight: 500; }
tr > :first-child { position: sticky; left: 0; background: var(--card); }
.all thead th { white-space: nowrap; }
tbody tr:last-child > * { border-bottom: 0; }
dl {
  display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .45rem 1.6rem; margin:
  .9rem 0 0;
}
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 40rem) {
  main { padding: 1.5rem .9rem 2rem; }
  .card { padding: 1.1rem 1rem; border-radius: 8px; }
  dl { grid-template-columns: minmax(0, 1fr); gap: .1rem; }
  dd { margin-bottom: .6rem; }
}
@media print {
  body { background: none; font-size: 11pt; }
  main { max-width: none; padding: 0; }
  .card { border: 0; border-top: 1px solid var(--rule); border-radius: 0; padding: 1rem 0; }
  figure, tr { break-inside: avoid; }
  h2, .lead, .legend { break-after: avoid; }
  .readout { display: none; }
  .scroll { overflow: visible; }
  table { font-size: 8pt; }
  th, td { padding: .25rem .4rem; white-space: normal; }
}
`;
