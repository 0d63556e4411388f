import { expect, it } from 'vitest';
import type { LogFields } from '../../../src/env/log.ts';
import { startNode } from '../../../src/index.ts';
import { NamedLog } from '../../../src/platform/system/named-log.ts';
import { silentLog } from '../../../src/platform/system/pino-log.ts';

function collect() {
  const lines: (readonly [string, LogFields | undefined])[] = [];
  const add = (event: string, fields?: LogFields): void => {
    lines.push([event, fields]);
  };
  return { lines, log: { ...silentLog, debug: add, info: add, warn: add, error: add } };
}

it('each line begins with the name, once there is one', () => {
  const { lines, log } = collect();
  let name = '';
  const named = new NamedLog(log, () => name);
  named.debug('early');
  name = 'a';
  named.info('bare');
  named.warn('link-broken', { member: 'b' });
  named.error('other', { node: 'c' });
  expect(lines).toEqual([
    ['early', {}],
    ['bare', { node: 'a' }],
    ['link-broken', { node: 'a', member: 'b' }],
    ['other', { node: 'c' }],
  ]);
});

it('every line of a node says which node wrote it, be the name given or its address', async () => {
  for (const id of ['a', undefined]) {
    const { lines, log } = collect();
    const node = await startNode(
      {
        node: { engine: 'memory', ...(id === undefined ? {} : { id }) },
        listen: { address: '127.0.0.1:0' },
      },
      { log },
    );
    await node.stop();
    expect(lines.map(([event]) => event)).toEqual(
      expect.arrayContaining(['node-started', 'node-stopped']),
    );
    for (const [, fields] of lines) expect(fields).toMatchObject({ node: id ?? node.address });
  }
});
