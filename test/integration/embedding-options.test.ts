/** What a program hands to `startNode`, `startCluster` and `initCluster` is checked before anything
 *  is started, in words for a program. */
import { expect, it } from 'vitest';
import { initCluster, startCluster, startNode } from '../../src/index.ts';
import { simulate } from '../../src/simulate.ts';

/** What a compiler would not let through. */
function loose(options: unknown): never {
  return options as never;
}

it.each([
  [{ nodes: 33 }, 'nodes is 33; it must be a whole number from 1 to 32'],
  [{ nodes: 0 }, 'nodes is 0; it must be a whole number from 1 to 32'],
  [{ nodes: 1.5 }, 'nodes is 1.5; it must be a whole number from 1 to 32'],
  [{ nodes: '3' }, 'nodes is "3"; it must be a whole number from 1 to 32'],
  [
    { nodes: 2, replicas: 3 },
    'replicas is 3 and nodes is 2: each copy needs a node of its own; raise nodes or ' +
      'lower replicas',
  ],
  [{ replicas: 0 }, 'replicas is 0; it must be a whole number from 1 to 9'],
  [{ partitions: 100 }, 'partitions is 100; it must be a power of two from 1 to 65536'],
  [{ zones: 0 }, 'zones is 0; it must be a whole number from 1 to 32'],
  [{ port: 65_534 }, 'port is 65534; with 3 nodes the last one would be 65536, above 65535'],
  [{ port: -1 }, 'port is -1; it must be a whole number from 0 to 65535'],
  [{ engine: 'leveldb' }, 'engine is "leveldb"; it must be rocksdb or memory'],
  [{ engine: 'rocksdb' }, 'The rocksdb engine needs a dataDirectory'],
  [{ dataDirectory: '' }, 'dataDirectory is ""; it must be the path of a folder'],
  [{ metrics: 'here' }, 'metrics is "here"; it must be host:port'],
  [
    { config: { listen: { address: '127.0.0.1:7400' } } },
    'config.listen is for one node; of a cluster it follows from the option port',
  ],
  [
    { config: { node: { engine: 'memory' } } },
    'config.node.engine is for one node; of a cluster it follows from the option engine',
  ],
  [{ nods: 3 }, '"nods" is not an option of startCluster; did you mean nodes'],
  [null, 'The options of startCluster are not an object'],
])('startCluster(%j) is refused', async (options, message) => {
  await expect(startCluster(loose(options))).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message,
  });
});

it('what startNode does not know is refused, in the configuration and beside it', async () => {
  await expect(startNode({}, loose({ logg: undefined }))).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: '"logg" is not an option of startNode; did you mean log',
  });
  await expect(startNode(loose({ nodes: {} }))).rejects.toMatchObject({
    code: 'INVALID_CONFIG',
    message: expect.stringContaining('did you mean node'),
  });
});

it.each([
  [{ nodes: ['a:1'], replica: 1 }, 'did you mean replicas'],
  [{ nodes: 'a:1' }, 'nodes is not a list'],
  [{ nodes: ['a'] }, 'The node address "a" is not of the form host:port'],
  [{ nodes: ['a:1', 'a:1'], replicas: 1 }, 'a:1 is named twice'],
  [{ nodes: ['a:1'] }, '3 replicas need as many nodes; 1 given'],
  [{ nodes: ['a:1'], replicas: 0 }, 'replicas is 0; it must be a whole number from 1 to 9'],
  [{ nodes: ['a:1'], replicas: 1, partitions: 3 }, 'partitions is 3'],
  [{ nodes: ['a:1'], replicas: 1, timeoutMs: 0 }, 'timeoutMs is 0'],
])('initCluster(%j) is refused', async (options, message) => {
  await expect(initCluster(loose(options))).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringContaining(message),
  });
});

it.each([
  [{ sed: 1 }, '"sed" is not an option of simulate'],
  [{ workloads: 'set' }, 'did you mean workload'],
  [{ runs: 0 }, 'runs is 0; it must be a whole number from 1 to'],
  [{ values: {} }, 'values.change is no function; values needs change, merge, elements'],
])('simulate(%j) is refused', async (options, message) => {
  await expect(simulate(loose(options))).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringContaining(message),
  });
});
