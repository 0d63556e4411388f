import { expect, it } from 'vitest';
import { CoterieError } from '../src/core/errors.ts';
import { untilMet, untilServing } from '../src/init-cluster.ts';
import { MemberStatus, StatusReply } from '../src/wire/generated/coterie/v1/admin.ts';

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

const NOTHING = new Uint8Array(0);

/** Tells in turn of which members it has heard, the last for ever. */
function nodeThatHears(...heard: readonly (readonly string[])[]) {
  let asked = 0;
  const status = async (): Promise<StatusReply> => {
    const ids = heard[Math.min(asked, heard.length - 1)] ?? [];
    asked += 1;
    const found = { ...MemberStatus.decode(NOTHING), inLayout: false };
    const members = ids.map((id) => ({ ...found, id, inLayout: true }));
    return { ...StatusReply.decode(NOTHING), state: 'SERVING', members: [...members, found] };
  };
  return { admin: { status }, asked: () => asked };
}

it('a node is asked until it has heard of every member of its layout', async () => {
  const { admin, asked } = nodeThatHears(['a', '', ''], ['a', 'b', ''], ['a', 'b', 'c'], ['']);
  await untilMet('n1', admin, 60_000);
  expect(asked()).toBe(3);
});

it('one that goes on without having heard of all is not waited for without end', async () => {
  const { admin, asked } = nodeThatHears(['a', '']);
  await untilMet('n1', admin, 50);
  expect(asked()).toBeGreaterThan(1);
});
