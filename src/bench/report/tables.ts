/** A report as a table: a row for each setting, a column for each figure that some setting has. */

import { SPEED_FIGURES } from '../speed-figures.ts';
import type { Table } from './chart.ts';
import { figureText, figureTitle, shortText } from './figure-text.ts';
import { FIGURE_NAMES, type Figure, type FigureName, type MeasuredSetting } from './measured.ts';

type FigureForm = (name: FigureName, figure: Figure | undefined) => string;

export function figuresTable(settings: readonly MeasuredSetting[]): Table {
  return tableOf(settings, FIGURE_NAMES, figureText);
}

/** For narrow places: how fast, and in a table of its own what else. */
export function shortTables(settings: readonly MeasuredSetting[]): readonly Table[] {
  const isOfSpeed = (name: FigureName): boolean => SPEED.has(name);
  return [
    tableOf(settings, FIGURE_NAMES.filter(isOfSpeed), shortText),
    tableOf(
      settings,
      FIGURE_NAMES.filter((name) => !isOfSpeed(name)),
      shortText,
    ),
  ];
}

const SPEED: ReadonlySet<FigureName> = new Set(SPEED_FIGURES);

function tableOf(
  settings: readonly MeasuredSetting[],
  all: readonly FigureName[],
  form: FigureForm,
): Table {
  const names = all.filter((name) => settings.some(({ figures }) => figures[name] !== undefined));
  const hasCount = all.includes('throughput');
  const hasErrors =
    all.includes('failedShare') && settings.some(({ errors }) => Object.keys(errors).length > 0);
  return {
    head: [
      'setting',
      ...(hasCount ? ['operations'] : []),
      ...names.map(figureTitle),
      ...(hasErrors ? ['errors'] : []),
    ],
    rows: settings.map(({ name, operations, figures, errors }) => [
      name,
      ...(hasCount ? [operations.toLocaleString('en-US')] : []),
      ...names.map((figure) => form(figure, figures[figure])),
      ...(hasErrors ? [errorsText(errors)] : []),
    ]),
  };
}

function errorsText(errors: Readonly<Record<string, number>>): string {
  const entries = Object.entries(errors).map(
    ([code, count]) => `${code} ${count.toLocaleString('en-US')}`,
  );
  return entries.length === 0 ? 'none' : entries.join(', ');
}
