import { afterAll, expect, it } from 'vitest';
import { assertNothingLeft, serve, temporaryFolder } from './processes.ts';

afterAll(assertNothingLeft);

it.each(['start', 'dev'])(
  'what `%s` runs ends with the process that started it',
  async (command) => {
    await using folder = await temporaryFolder();
    const place = { start: ['--listen', '127.0.0.1:0'], dev: ['--nodes', '1', '--port', '0'] };
    const given = command === 'start' ? place.start : place.dev;
    const served = await serve([command, ...given, '--data', folder.path]);
    expect(await served.abandon()).toBe(0);
  },
);
