import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ERROR_CODES } from '../../src/core/errors.ts';
import { METRICS } from '../../src/env/metrics.ts';
import { errorsPage, metricsPage } from './pages.ts';

const DOCS = join(import.meta.dirname, '..', '..', 'docs');

test.each([
  ['errors.md', errorsPage, Object.keys(ERROR_CODES)],
  ['metrics.md', metricsPage, Object.keys(METRICS)],
])('docs/%s names everything that its table in the source has', (name, page, entries) => {
  const path = join(DOCS, name);
  if (process.env['UPDATE'] === '1') writeFileSync(path, page());
  const text = readFileSync(path, 'utf8');
  for (const entry of entries) expect(text).toContain(`\`${entry}\``);
  expect(text, 'run `npm run docs`').toBe(page());
});
