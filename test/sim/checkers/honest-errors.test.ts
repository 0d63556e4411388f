import { describe, expect, it } from 'vitest';
import { honestErrors } from '../../../src/sim/checkers/honest-errors.ts';
import type { History, WriteOperation } from '../../../src/sim/history.ts';
import { history } from './history-dsl.ts';
import { accepts, rejects } from './judged.ts';

accepts(honestErrors, [
  ['nothing at all', ''],
  ['an acknowledged write', 'a put 1 [0,10]; disks 1'],
  ['more acknowledgements than are required', 'a put 1 [0,10] quorum by n0,n1,n2'],
  ['a write at one, at one node', 'a put 1 [0,10] one by n2'],
  ['a write at all, at all', 'a put 1 [0,10] all'],
  ['a level that asked for more than it needs', 'a put 1 [0,10] one required 2'],
  ['a read with as many replies as it needs', 'a get [0,10] quorum sees nothing'],
  ['a read with more', 'a get [0,10] one received 3 sees nothing'],
  [
    'a refused write that nobody sees',
    'a put 1 [0,9] refused code NO_REPLICA; b get [20,30]; disks nothing',
  ],
  [
    'an unknown write that somebody sees',
    'a put 1 [0,9] unknown code DEADLINE_EXCEEDED; b get [20,30] sees 1; disks 1',
  ],
  ['an unknown write that nobody sees', 'a put 1 [0,9] unknown code UNREACHABLE; disks nothing'],
  ['a write that never ended', 'a put 1 [0,-] unknown; disks 1'],
  ['a read that never ended', 'a get [0,-] unknown'],
  ['a refused read', 'a get [0,10] refused code QUORUM_NOT_MET'],
  [
    'a refused try that was repeated with success',
    'a put 1 [0,9] refused code OVERLOADED; a put 1 [20,30] ok; b get [40,50] sees 1; disks 1',
  ],
  [
    'a refused try that was repeated and is unknown',
    'a put 1 [0,9] refused code OVERLOADED; a put 1 [20,-] unknown; disks 1',
  ],
  [
    'a refused try whose repetition is seen before it ends',
    'a put 1 [0,9] refused code OVERLOADED; a put 1 [20,50]; b get [25,30] sees 1',
  ],
  [
    'a refused repetition of a write that was acknowledged',
    'a put 1 [0,9]; a put 1 [20,30] refused code OVERLOADED; b get [40,50] sees 1',
  ],
  [
    'a refused repetition of an unknown write',
    'a put 1 [0,9] unknown code UNREACHABLE; a put 1 [20,30] refused code NO_REPLICA; disks 1',
  ],
  ['a refused delete', 'a put 1 [0,9]; a delete 2 [20,30] refused code INVALID_CONTEXT; disks 1'],
  ['a local level that counts as it likes', 'a put 1 [0,10] local_quorum required 1 by n0'],
]);

rejects(honestErrors, [
  ['a refused write in a read', 'a put 1 [0,9] refused code NO_REPLICA; b get [20,30] sees 1'],
  [
    'a refused write in a read that began before',
    'a put 1 [5,9] refused code NO_REPLICA; b get [0,30] sees 1',
  ],
  ['a refused write on one disk', 'a put 1 [0,9] refused code NO_REPLICA; disk n1 1'],
  [
    'a refused write beside others',
    'a put 1 [0,9] refused code OVERLOADED; a put 2 [20,30]; disks 2 1',
  ],
  ['a refused delete on a disk', 'a delete 1 [0,9] refused code OVERLOADED; disk n0 !1'],
  [
    'a refused write seen before it was repeated',
    'a put 1 [0,9] refused code OVERLOADED; b get [12,15] sees 1; a put 1 [20,30]',
  ],
  [
    'two refusals of a write that is seen',
    'a put 1 [0,9] refused code OVERLOADED; a put 1 [20,30] refused code NO_REPLICA; disks 1',
  ],
  [
    'a refused write on the disk of a node that is recovering',
    'a put 1 [0,9] refused code OVERLOADED; disk n1 1; state n1 RECOVERING',
  ],
  ['fewer acknowledgements than are required', 'a put 1 [0,10] quorum by n0'],
  ['nobody who acknowledged', 'a put 1 [0,10] one by nothing'],
  ['one node named twice', 'a put 1 [0,10] quorum by n0,n0'],
  ['fewer durable copies than are required', 'a put 1 [0,10] quorum durable 1'],
  ['a quorum of one', 'a put 1 [0,10] quorum required 1 by n0'],
  ['a level of two that required one', 'a put 1 [0,10] two required 1 by n0'],
  ['a write at all that required a majority', 'a put 1 [0,10] all required 2'],
  ['raw numbers that were not kept', 'a put 1 [0,10] w=3 required 2'],
  ['a delete acknowledged by too few', 'a delete 1 [0,10] quorum by n0'],
  ['a read of too few replies', 'a get [0,10] quorum received 1'],
  ['a read that required too few', 'a get [0,10] quorum required 1'],
  ['a quorum of two in five', 'replicas 5; a put 1 [0,10] quorum required 2'],
  ['an error without a code', 'a put 1 [0,10] refused'],
  ['an unknown outcome that ended without a code', 'a put 1 [0,10] unknown'],
  ['a code that nobody knows', 'a put 1 [0,10] refused code EAGAIN'],
  ['a code in lower case', 'a put 1 [0,10] unknown code unreachable'],
  ['a read with a code that nobody knows', 'a get [0,10] refused code ENOENT'],
  ['a bug', 'a put 1 [0,10] unknown code ASSERTION_FAILED'],
  ['a bug in a read', 'a get [0,10] refused code ASSERTION_FAILED'],
  ['an acknowledgement from a node that does not exist', 'a put 1 [0,10] by n0,n7; disks 1'],
]);

describe('what a line cannot say', () => {
  const deleted = history('a delete 1 [0,10] quorum by n0 durable 0; disks nothing');
  const [deletion] = deleted.operations as WriteOperation[];

  it('a delete that found nothing has written nothing', () => {
    const told = { ...deletion!, required: 1, found: false };
    expect(honestErrors.check({ ...deleted, operations: [told] })).toEqual([]);
    const lies = { ...told, found: true };
    expect(honestErrors.check({ ...deleted, operations: [lies] })).not.toEqual([]);
  });

  it('who is no replica cannot acknowledge', () => {
    const told = history('a put 1 [0,10] by n0,n2; disks 1');
    const contents = told.contents.map((replica) => ({
      ...replica,
      owns: () => replica.node !== 'n2',
    }));
    const bad: History = { ...told, contents };
    expect(honestErrors.check(told)).toEqual([]);
    expect(honestErrors.check(bad)).toMatchObject([{ key: 'k', operations: [1] }]);
  });
});

it('acknowledgements taken away one by one are missed as soon as they are too few', () => {
  const names = ['n0', 'n1', 'n2'];
  for (let count = 0; count <= 3; count += 1) {
    const by = names.slice(0, count).join(',') || 'nothing';
    const found = honestErrors.check(history(`a put 1 [0,10] quorum by ${by}; disks 1`));
    expect(found.length > 0).toBe(count < 2);
  }
});

it('a good history with one write turned into a refusal is bad wherever it is seen', () => {
  const lines = ['a put 1 [0,9]', 'b put 2 [20,30]', 'b get [40,50] sees 1 2', 'disks 1 2'];
  expect(honestErrors.check(history(lines.join('\n')))).toEqual([]);
  for (const at of [0, 1]) {
    const turned = lines.with(at, `${lines[at]} refused code OVERLOADED`);
    const found = honestErrors.check(history(turned.join('\n')));
    expect(found.map(({ operations }) => operations)).toEqual([[at + 1, 1001], [at + 1]]);
  }
});
