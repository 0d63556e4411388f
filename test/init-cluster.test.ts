import { expect, it } from 'vitest';
import { CoterieError } from '../src/core/errors.ts';
import { untilServing } from '../src/init-cluster.ts';

it('a node that is not heard any more once it took the layout is no node that took nothing', async () => {
  const refused = new CoterieError('UNREACHABLE', 'h1:1 refused the connection', { applied: 'no' });
  const admin = { status: () => Promise.reject(refused) };
  await expect(untilServing('n1', admin, 1_000)).rejects.toMatchObject({
    code: 'UNREACHABLE',
    message:
      'n1 has the layout, but does not tell whether it serves: h1:1 refused the connection; ' +
      'repeat the same call to wait for it',
    retryable: true,
    applied: 'unknown',
    cause: refused,
  });
});
