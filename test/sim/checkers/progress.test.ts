import { expect, it } from 'vitest';
import { progress } from '../../../src/sim/checkers/progress.ts';
import { history } from './history-dsl.ts';
import { accepts, rejects } from './judged.ts';

accepts(progress, [
  ['nothing at all', ''],
  ['a write after healing', 'healed 100; a put 1 [110,120]; after 1'],
  ['a read after healing', 'healed 100; a get [110,120] step 5 sees nothing; after 5'],
  ['a delete after healing', 'healed 100; a delete 1 [110,120]; after 1'],
  ['several', 'healed 100; a put 1 [110,120]; b get [110,130] step 5 sees 1; after 1 5'],
  [
    'a failure before healing',
    'a put 1 [0,9] refused code NO_REPLICA; healed 100; a put 2 [110,120]; after 2',
  ],
  ['an unknown write before healing', 'a put 1 [0,9] unknown code UNREACHABLE; healed 100'],
  [
    'an operation before healing that never ended',
    'a put 1 [0,-] unknown; healed 100; a put 2 [110,120]; after 2',
  ],
  ['a slow operation', 'healed 100; a put 1 [110,999999]; after 1'],
  [
    'an operation that failed after healing and was not due',
    'healed 100; a put 1 [110,120] refused code CONFLICT',
  ],
  ['nodes that serve', 'state n0 SERVING; state n1 SERVING; state n2 SERVING'],
  [
    'two nodes that lost their disks and wait for each other',
    'state n1 RECOVERING; state n2 RECOVERING; loss n1 wipe at 5; loss n2 rollback at 6',
  ],
  ['a single copy that is lost', 'replicas 1; state n1 RECOVERING; loss n1 wipe at 5'],
  ['a node that lost its disk and then failed', 'state n1 FAILED; loss n1 wipe at 5'],
  ['a node whose rot stopped it', 'state n1 FAILED; loss n1 bit-rot at 5'],
  ['nodes without a word of them', 'a put 1 [0,9]; healed 100'],
]);

rejects(progress, [
  ['a refused write', 'healed 100; a put 1 [110,120] refused code NO_REPLICA; after 1'],
  ['an unknown write', 'healed 100; a put 1 [110,120] unknown code DEADLINE_EXCEEDED; after 1'],
  ['a write that never ended', 'healed 100; a put 1 [110,-] unknown; after 1'],
  ['a failed read', 'healed 100; a get [110,120] step 5 refused code QUORUM_NOT_MET; after 5'],
  ['a read that never ended', 'healed 100; a get [110,-] step 5 unknown; after 5'],
  ['a failed delete', 'healed 100; a delete 1 [110,120] refused code OVERLOADED; after 1'],
  [
    'one of several',
    'healed 100; a put 1 [110,120]; b put 2 [110,120] refused code OVERLOADED; after 1 2',
  ],
  ['an operation that never began', 'healed 100; after 7'],
  ['one of two that never began', 'healed 100; a put 1 [110,120]; after 1 7'],
  [
    'a failure of another key',
    'healed 100; a put 1 [110,120] key o refused code DISK_FULL; after 1',
  ],
  ['a node that lost its disk and is not rebuilt', 'state n1 RECOVERING; loss n1 wipe at 5'],
  ['a node that was rolled back and is not rebuilt', 'state n1 RECOVERING; loss n1 rollback at 5'],
  ['a node that lost a batch and is not rebuilt', 'state n1 RECOVERING; loss n1 lost-batch at 5'],
  [
    'a node that is not rebuilt after another one was',
    'state n0 SERVING; state n1 RECOVERING; loss n0 wipe at 5; loss n1 wipe at 50',
  ],
  ['a node that is still recovering', 'state n1 RECOVERING'],
  ['a node that is still unverified', 'state n1 UNVERIFIED'],
  ['a node that has failed', 'state n1 FAILED'],
  ['a node that is down', 'state n0 SERVING; state n1 DOWN'],
  [
    'a node that lost nothing beside one that did',
    'state n1 RECOVERING; state n2 RECOVERING; loss n1 wipe at 5',
  ],
  [
    'a node that does not serve although operations succeed',
    'healed 9; a put 1 [11,12]; after 1; state n2 FAILED',
  ],
]);

it('a violation carries the code and the words of the error', () => {
  const told = history('healed 100; a put 1 [110,120] refused code NO_REPLICA; after 1');
  const operations = told.operations.map((operation) => ({ ...operation, message: 'Too few' }));
  expect(progress.check({ ...told, operations })).toEqual([
    {
      check: 'progress',
      key: 'k',
      message: 'After healing the put 1 of key k by a failed with NO_REPLICA: Too few',
      operations: [1],
    },
  ]);
});

it('any one operation of a good history that is made to fail is found', () => {
  const ids = [1, 2, 3, 4, 5];
  const lines = ids.map((id) => `a put ${id} [${110 + id},${120 + id}]`);
  const rest = ['healed 100', `after ${ids.join(' ')}`];
  expect(progress.check(history([...lines, ...rest].join('\n')))).toEqual([]);
  for (const [at, id] of ids.entries()) {
    const failed = lines.with(at, `${lines[at]} unknown code UNREACHABLE`);
    const found = progress.check(history([...failed, ...rest].join('\n')));
    expect(found.map(({ operations }) => operations)).toEqual([[id]]);
    const dropped = progress.check(history([...lines.toSpliced(at, 1), ...rest].join('\n')));
    expect(dropped.map(({ operations }) => operations)).toEqual([[id]]);
  }
});
