import { describe, expect, it } from 'vitest';
import { copiesCompared } from '../../../src/sim/checkers/copies-compared.ts';
import type { QuietPass } from '../../../src/sim/history.ts';
import { history } from './history-dsl.ts';

/** What is told of the disks is how they were after the comparison. */
function found(told: string, quietPass?: QuietPass): readonly string[] {
  const { contents, ...rest } = history(told);
  const compared = { ...rest, contents: [], compared: contents };
  const judged = quietPass === undefined ? compared : { ...compared, quietPass };
  return copiesCompared.check(judged).map(({ message }) => message);
}

describe('copies that were compared', () => {
  it.each([
    ['equal ones', 'disks 1; disks 2 key other'],
    ['one that lost its data', 'disk n0 1; disk n1 1; disk n2 2; state n2 RECOVERING'],
    ['a row that rotted', 'disk n0 1; disk n1 1; disk n2 ?junk; loss n2 bit-rot at 5 key k'],
  ])('may be %s', (_, told) => {
    expect(found(told, { found: 0, compared: 9 })).toEqual([]);
  });

  it('must be equal, whatever the disks hold in the end', () => {
    expect(found('disk n0 1; disk n1 2; disk n2 1')).toEqual([expect.stringContaining('Key k')]);
  });

  it('must not be repaired once they are equal', () => {
    const messages = found('disks 1', { found: 2, compared: 9 });
    expect(messages).toEqual([expect.stringContaining('found 2 keys')]);
  });

  it('are not judged when nobody compared them', () => {
    expect(copiesCompared.check(history('disk n0 1; disk n1 2; disk n2 1'))).toEqual([]);
  });
});
