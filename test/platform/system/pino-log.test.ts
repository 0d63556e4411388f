import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { type LogLevel, PinoLog, silentLog } from '../../../src/platform/system/pino-log.ts';

/** What `npm run build` made: a child process runs JavaScript. */
const BUILT = join(import.meta.dirname, '../../../dist/platform/system/pino-log.js');

function collect(level: LogLevel): { log: PinoLog; lines: () => Record<string, unknown>[] } {
  const written: string[] = [];
  const destination = { write: (line: string): unknown => written.push(line) };
  const log = new PinoLog({ level, destination });
  return { log, lines: () => written.map((line) => JSON.parse(line)) };
}

it('an event is one JSON object with its level, time, event name and fields', () => {
  const { log, lines } = collect('info');
  log.warn('link-broken', { member: 'n2', attempt: 3, isRetrying: true, reason: undefined });
  const [line] = lines();
  expect(line).toEqual({
    level: 'warn',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    member: 'n2',
    attempt: 3,
    isRetrying: true,
    event: 'link-broken',
  });
});

it('events below the level are dropped', () => {
  const { log, lines } = collect('warn');
  log.debug('a');
  log.info('b');
  log.warn('c');
  log.error('d');
  expect(lines().map(({ event }) => event)).toEqual(['c', 'd']);
  const silent = collect('silent');
  silent.log.error('e');
  silentLog.error('f');
  expect(silent.lines()).toEqual([]);
});

it('by default lines go to standard error, and those still buffered are written at exit', () => {
  const script = `
    const { PinoLog } = await import(${JSON.stringify(pathToFileURL(BUILT).href)});
    const log = new PinoLog({ level: 'info' });
    for (let at = 0; at < 100; at += 1) log.info('line', { at });
    process.exit(3);`;
  const args = ['--input-type=module', '-e', script];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
  expect(stderr.trim().split('\n')).toHaveLength(100);
});
