/** Runs in the page of a report: draws every chart that it finds described there, again when the
 *  reader's colours or the width change, and dark on light for printing. It is put into the page as
 *  text, so it imports nothing but types. */
import type UPlot from 'uplot';
import type { Axis, Chart, Series, Tone } from '../bench/report/chart.ts';

declare const uPlot: typeof UPlot;

/** Beside colour, so that colour is never needed. */
const DASHES: Readonly<Partial<Record<Tone, number[]>>> = { wars: [9, 6], coterie: [2, 5] };
const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif';
const LINE_PX = 16;
const DOT_PX = 9;
const STEPS: Readonly<Partial<Record<string, number>>> = { ArrowLeft: -1, ArrowRight: 1 };

class Drawing {
  readonly #chart: Chart;
  readonly #place: HTMLElement;
  readonly #readout: HTMLElement | null;
  #plot: UPlot | undefined;

  constructor(chart: Chart, place: HTMLElement) {
    this.#chart = chart;
    this.#place = place;
    if (chart.x.kind === 'names') place.style.minWidth = `${widthOf(chart.x.names)}px`;
    this.#readout = document.getElementById(`${chart.id}-readout`);
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(place);
    place.addEventListener('keydown', (event) => this.#step(event));
    place.addEventListener('blur', () => this.#plot?.setCursor({ left: -10, top: -10 }));
  }

  draw(): void {
    this.#plot?.destroy();
    const { at, series } = this.#chart;
    const data = [at, ...series.map(({ values }) => values)] as UPlot.AlignedData;
    this.#plot = new uPlot(this.#options(), data, this.#place);
  }

  #size(): { width: number; height: number } {
    return { width: this.#place.clientWidth, height: this.#place.clientHeight };
  }

  #options(): UPlot.Options {
    const { x, y, series } = this.#chart;
    const hasLines = series.some(({ mark }) => mark === 'line' || mark === 'steps');
    return {
      ...this.#size(),
      scales: { x: scaleOf(x), y: scaleOf(y) },
      axes: [bottomAxis(x), leftAxis(y)],
      series: [{}, ...series.map(seriesOptions)],
      legend: { show: false },
      cursor: {
        x: hasLines,
        y: false,
        drag: { x: false, y: false, setScale: false },
        points: { show: hasLines, size: DOT_PX - 1 },
      },
      padding: [this.#chart.spans.length === 0 ? 10 : 24, 24, 0, 0],
      hooks: {
        drawAxes: [(plot) => this.#paintBelow(plot)],
        draw: [(plot) => this.#paintAbove(plot)],
        setCursor: [(plot) => this.#read(plot)],
      },
    };
  }

  #paintBelow(plot: UPlot): void {
    inside(plot, (context) => {
      for (const span of this.#chart.spans) paintSpan(plot, context, span);
      for (const band of this.#chart.bands) this.#paintBand(plot, context, band);
      for (const { at, low, high, tone } of this.#chart.stems) {
        context.strokeStyle = colorOf(tone);
        context.globalAlpha = 0.45;
        context.lineWidth = 3 * uPlot.pxRatio;
        context.beginPath();
        context.moveTo(plot.valToPos(at, 'x', true), plot.valToPos(low, 'y', true));
        context.lineTo(plot.valToPos(at, 'x', true), plot.valToPos(high, 'y', true));
        context.stroke();
      }
    });
  }

  #paintBand(plot: UPlot, context: CanvasRenderingContext2D, band: Chart['bands'][number]): void {
    const edge = (values: readonly (number | null)[]): [number, number][] =>
      values.flatMap((value, index): [number, number][] => {
        if (value === null) return [];
        const at = this.#chart.at[index] ?? 0;
        return [[plot.valToPos(at, 'x', true), plot.valToPos(value, 'y', true)]];
      });
    const around = [...edge(band.low), ...edge(band.high).reverse()];
    context.fillStyle = colorOf(band.tone);
    context.globalAlpha = 0.16;
    context.beginPath();
    for (const [left, top] of around) context.lineTo(left, top);
    context.fill();
  }

  #paintAbove(plot: UPlot): void {
    inside(plot, (context) => {
      for (const series of this.#chart.series) this.#paintMarks(plot, context, series);
    });
    paintLabels(plot, this.#chart);
    paintSpanLabels(plot, this.#chart);
  }

  #paintMarks(plot: UPlot, context: CanvasRenderingContext2D, series: Series): void {
    const { tone, mark, values } = series;
    if (mark === 'line') return;
    context.strokeStyle = colorOf(tone);
    context.fillStyle = colorOf(mark === 'p50' || mark === 'diamond' ? tone : 'card');
    context.lineWidth = 2 * uPlot.pxRatio;
    for (const [index, value] of values.entries()) {
      if (value === null) continue;
      const left = plot.valToPos(this.#chart.at[index] ?? 0, 'x', true);
      const top = plot.valToPos(value, 'y', true);
      context.beginPath();
      if (mark === 'steps') {
        const next = plot.valToPos(values[index + 1] ?? value, 'y', true);
        traceStep(
          context,
          [left, top],
          [plot.valToPos(this.#chart.at[index + 1] ?? 0, 'x', true), next],
        );
      } else {
        traceMark(context, mark, left, top);
        context.fill();
      }
      context.stroke();
    }
  }

  /** What is under the pointer, in words. A setting has several places side by side. */
  #read(plot: UPlot): void {
    const { idx } = plot.cursor;
    const { at, series, x, y } = this.#chart;
    if (this.#readout === null) return;
    if (typeof idx !== 'number') {
      this.#readout.textContent = '';
      return;
    }
    const place = this.#placeOf(idx);
    const where = x.kind === 'names' ? x.names[place] : `${tickText(place)} ${x.label}`;
    const values = series.flatMap(({ label, values: all }) =>
      all.flatMap((value, index) => {
        if (value === null || this.#placeOf(index) !== place || at[index] === undefined) return [];
        const text = value.toLocaleString('en-US', { maximumSignificantDigits: 4 });
        return [`${label} ${text}${y.suffix}`];
      }),
    );
    this.#readout.textContent = `${where}: ${values.join(', ')}`;
  }

  #placeOf(index: number): number {
    const at = this.#chart.at[index] ?? 0;
    return this.#chart.x.kind === 'names' ? Math.round(at) : at;
  }

  /** Left and right go from place to place. */
  #step(event: KeyboardEvent): void {
    const plot = this.#plot;
    const step = STEPS[event.key];
    if (plot === undefined || step === undefined) return;
    event.preventDefault();
    const { at } = this.#chart;
    const idx = plot.cursor.idx;
    let next = typeof idx === 'number' ? idx : step > 0 ? -1 : at.length;
    const from = typeof idx === 'number' ? this.#placeOf(idx) : undefined;
    do next += step;
    while (next >= 0 && next < at.length && this.#placeOf(next) === from);
    const value = at[next];
    if (value === undefined) return;
    plot.setCursor({ left: plot.valToPos(value, 'x'), top: 0 });
  }
}

function scaleOf({ kind, min, max }: Axis): UPlot.Scale {
  return { time: false, distr: kind === 'log' ? 3 : 1, range: () => [min, max] };
}

function axisOptions(axis: Axis): UPlot.Axis {
  return {
    stroke: colorOf('soft'),
    font: FONT,
    labelFont: FONT,
    labelSize: axis.label === '' ? 0 : 22,
    ...(axis.label === '' ? {} : { label: axis.label }),
    grid: { stroke: colorOf('grid'), width: 1 },
    ticks: { stroke: colorOf('rule'), width: 1, size: 4 },
    border: { show: true, stroke: colorOf('rule'), width: 1 },
    values: (_plot, splits) =>
      splits.map((split) => (split === null ? null : `${tickText(split)}${axis.suffix}`)),
  };
}

/** Names stand beside each other with room between; what is wider than its place scrolls. */
function widthOf(names: readonly string[]): number {
  const longest = Math.max(
    ...names.flatMap((name) => name.split(', ')).map(({ length }) => length),
  );
  return names.length * (longest * 7 + 10) + 80;
}

function bottomAxis(axis: Axis): UPlot.Axis {
  const options = axisOptions(axis);
  if (axis.kind !== 'names') return { ...options, size: 30 };
  const lines = axis.names.map((name) => name.replaceAll(', ', '\n'));
  const height = Math.max(1, ...lines.map((text) => text.split('\n').length));
  return {
    ...options,
    size: height * LINE_PX + 16,
    grid: { show: false },
    splits: axis.names.map((_, at) => at),
    values: lines,
  };
}

function leftAxis(axis: Axis): UPlot.Axis {
  const longest = [axis.min, axis.max].map((value) => `${tickText(value)}${axis.suffix}`.length);
  return { ...axisOptions(axis), size: Math.max(...longest, 4) * 7 + 16 };
}

function seriesOptions({ label, tone, mark }: Series): UPlot.Series {
  const stroke = colorOf(tone);
  const dash = DASHES[tone];
  const options = { label, stroke, points: { show: false } };
  if (mark !== 'line') return { ...options, paths: () => null };
  return { ...options, width: 2.25, spanGaps: true, ...(dash && { dash }) };
}

type Point = readonly [left: number, top: number];

/** A slice of time, and up or down to the next. */
function traceStep(context: CanvasRenderingContext2D, from: Point, to: Point): void {
  context.moveTo(...from);
  context.lineTo(to[0], from[1]);
  context.lineTo(...to);
}

function traceMark(
  context: CanvasRenderingContext2D,
  mark: Series['mark'],
  left: number,
  top: number,
): void {
  const half = (DOT_PX / 2) * uPlot.pxRatio;
  if (mark === 'p999') {
    context.moveTo(left - 2 * half, top);
    context.lineTo(left + 2 * half, top);
  } else if (mark === 'p50' || mark === 'p99') {
    context.arc(left, top, half - uPlot.pxRatio / 2, 0, 2 * Math.PI);
  } else {
    context.moveTo(left, top - half);
    context.lineTo(left + half, top);
    context.lineTo(left, top + half);
    context.lineTo(left - half, top);
    context.closePath();
  }
}

function paintSpan(
  plot: UPlot,
  context: CanvasRenderingContext2D,
  { from, to }: Chart['spans'][number],
): void {
  const { top, height } = plot.bbox;
  const left = plot.valToPos(from, 'x', true);
  const right = plot.valToPos(to, 'x', true);
  context.fillStyle = colorOf('fault');
  context.globalAlpha = 0.14;
  context.fillRect(left, top, right - left, height);
  context.globalAlpha = 1;
  context.fillRect(left, top, uPlot.pxRatio, height);
  context.fillRect(right - uPlot.pxRatio, top, uPlot.pxRatio, height);
}

/** Above the chart, where no line is. */
function paintSpanLabels(plot: UPlot, { spans }: Chart): void {
  const context = plot.ctx;
  context.save();
  context.font = scaledFont();
  context.fillStyle = colorOf('fault');
  context.textAlign = 'left';
  context.textBaseline = 'bottom';
  for (const { from, label } of spans) {
    const left = Math.max(plot.bbox.left, plot.valToPos(from, 'x', true));
    context.fillText(label, left, plot.bbox.top - 4 * uPlot.pxRatio);
  }
  context.restore();
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Beside their points, where no other stands; one that fits nowhere is in the table only. */
function paintLabels(plot: UPlot, { labels }: Chart): void {
  const context = plot.ctx;
  const gap = 8 * uPlot.pxRatio;
  const half = (LINE_PX / 2) * uPlot.pxRatio;
  context.save();
  context.font = scaledFont();
  context.fillStyle = colorOf('soft');
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  const points = labels.map(({ at, value }) => ({
    left: plot.valToPos(at, 'x', true),
    top: plot.valToPos(value, 'y', true),
  }));
  const dot = (DOT_PX / 2) * uPlot.pxRatio;
  const taken: Box[] = points.map(({ left, top }) => boxAt(left - dot, top, 2 * dot, dot));
  for (const [index, { text }] of labels.entries()) {
    const { left, top } = points[index] ?? { left: 0, top: 0 };
    const { width } = context.measureText(text);
    const places = [
      boxAt(left + gap, top, width, half),
      boxAt(left - gap - width, top, width, half),
      boxAt(left - width / 2, top - gap - half, width, half),
      boxAt(left - width / 2, top + gap + half, width, half),
    ];
    const place = places.find(
      (box) =>
        box.left >= plot.bbox.left &&
        box.right <= plot.bbox.left + plot.bbox.width &&
        !taken.some((other) => overlap(box, other)),
    );
    if (place === undefined) continue;
    taken.push(place);
    context.fillText(text, place.left, (place.top + place.bottom) / 2);
  }
  context.restore();
}

function boxAt(left: number, middle: number, width: number, half: number): Box {
  return { left, right: left + width, top: middle - half, bottom: middle + half };
}

function overlap(one: Box, other: Box): boolean {
  return (
    one.left < other.right &&
    other.left < one.right &&
    one.top < other.bottom &&
    other.top < one.bottom
  );
}

/** Nothing is painted beyond the axes. */
function inside(plot: UPlot, paint: (context: CanvasRenderingContext2D) => void): void {
  const context = plot.ctx;
  const { left, top, width, height } = plot.bbox;
  context.save();
  context.beginPath();
  context.rect(left, top - 2, width, height + 4);
  context.clip();
  paint(context);
  context.restore();
}

function scaledFont(): string {
  return FONT.replace('12px', `${12 * uPlot.pxRatio}px`);
}

function tickText(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 6 });
}

function colorOf(name: Tone | 'soft' | 'grid' | 'rule' | 'card'): string {
  const own = ['soft', 'grid', 'rule', 'card'].includes(name) ? `--${name}` : `--tone-${name}`;
  return getComputedStyle(document.documentElement).getPropertyValue(own).trim();
}

function start(): void {
  const described = document.getElementById('charts')?.textContent ?? '[]';
  const drawings = (JSON.parse(described) as Chart[]).flatMap((chart) => {
    const place = document.getElementById(chart.id);
    return place === null ? [] : [new Drawing(chart, place)];
  });
  const drawAll = (): void => {
    for (const drawing of drawings) drawing.draw();
  };
  drawAll();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
  const root = document.documentElement;
  addEventListener('beforeprint', () => {
    root.dataset['scheme'] = 'light';
    drawAll();
  });
  addEventListener('afterprint', () => {
    delete root.dataset['scheme'];
    drawAll();
  });
  root.dataset['drawn'] = String(drawings.length);
}

start();
