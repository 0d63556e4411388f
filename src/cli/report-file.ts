/** The files that reports are in: a benchmark's JSON comes in, a page goes out.
 *  Errors: INVALID_ARGUMENT (not there, too large, not JSON, not a report). */
import { createHash } from 'node:crypto';
import { access, constants, readFile, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import type { Measured } from '../bench/report/measured.ts';
import { reportPage } from '../bench/report/page.ts';
import { readReport } from '../bench/report/read-report.ts';
import { CoterieError } from '../core/errors.ts';
import { escapeControls } from './value-text.ts';

const REPORT_BYTES_MAX = 32 * 1_024 * 1_024;
const require = createRequire(import.meta.url);

export async function readReportFile(path: string): Promise<Measured> {
  const text = await readText(path);
  try {
    return readReport(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof CoterieError)) throw error;
    // What a syntax error says quotes the file.
    const reason = escapeControls(error.message);
    const message = `${path} is no report that this version reads: ${reason}`;
    throw new CoterieError('INVALID_ARGUMENT', message, { cause: error });
  }
}

async function readText(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > REPORT_BYTES_MAX) {
      throw new CoterieError(
        'INVALID_ARGUMENT',
        `${path} has ${size} bytes; a report has at most ${REPORT_BYTES_MAX}`,
      );
    }
    return await readFile(path, 'utf8');
  } catch (error) {
    throw error instanceof CoterieError ? error : cannot('be read', path, error);
  }
}

/** Before something long is measured for it. */
export async function checkPagePlace(path: string): Promise<void> {
  try {
    await access(dirname(resolve(path)), constants.W_OK);
  } catch (error) {
    throw cannot('be written', path, error);
  }
}

export async function writePage(measured: Measured, path: string): Promise<void> {
  const page = await pageOf(measured);
  try {
    await writeFile(path, page);
  } catch (error) {
    throw cannot('be written', path, error);
  }
}

function cannot(what: string, path: string, error: unknown): CoterieError {
  const reason = error instanceof Error ? error.message : String(error);
  return new CoterieError('INVALID_ARGUMENT', `${path} cannot ${what}: ${reason}`, {
    cause: error,
  });
}

/** Everything that the page needs is in it. */
async function pageOf(measured: Measured): Promise<string> {
  const [chartScript, chartStyle, licence, drawScript] = await Promise.all([
    readFile(require.resolve('uplot/dist/uPlot.iife.min.js'), 'utf8'),
    readFile(require.resolve('uplot/dist/uPlot.min.css'), 'utf8'),
    readFile(require.resolve('uplot/LICENSE'), 'utf8'),
    readFile(new URL('../page/draw.js', import.meta.url), 'utf8'),
  ]);
  return reportPage(measured, {
    code: { chartScript, chartStyle, licence, drawScript },
    hash: (text) => createHash('sha256').update(text).digest('base64'),
  });
}
