/** Which nodes an init takes when only one was named. How it is told to people: test/cli. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findNodes, type NodeSearch, nodeList } from '../../src/client/find-nodes.ts';
import { CoterieError } from '../../src/core/errors.ts';
import { memberStatus, statusReply } from '../cli/fake-node.ts';
import { ManualClock } from './manual-clock.ts';

const SEARCH: NodeSearch = { target: 'h1:1', replicas: 1, timeoutMs: 1_000 };
const states = fc.constantFrom('UNKNOWN', 'ALIVE', 'SLOW', 'AVOID', 'SUSPECT', 'DOWN');

test('a fresh node takes itself and whom it holds for alive, in the order of names', async () => {
  const others = fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-z]{1,4}$/), states), {
    selector: ([name]) => name,
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(others, async (found) => {
      const members = found.map(([name, state]) =>
        memberStatus({ name, address: `${name}:7400`, state }),
      );
      const self = memberStatus({ link: 'self', state: 'UNKNOWN' });
      const admin = { status: async () => statusReply({ members: [...members, self] }) };
      const nodes = await findNodes(admin, SEARCH, new ManualClock());
      const alive = found.filter(([, state]) => state === 'ALIVE').map(([name]) => name);
      expect(nodes.map(({ name }) => name)).toEqual([...alive, 'n1'].sort());
      expect(nodes.filter(({ isAsked }) => isAsked)).toMatchObject([{ address: 'h1:1' }]);
    }),
  );
});

test('a member takes the members of its layout, however they are, and no others', async () => {
  const admin = {
    status: async () =>
      statusReply({
        clusterId: new Uint8Array(16).fill(1),
        members: [
          memberStatus({ link: 'self', inLayout: true }),
          memberStatus({ name: 'n2', address: 'h2:1', inLayout: true, state: 'DOWN' }),
          memberStatus({ name: 'n3', address: 'h3:1' }),
        ],
      }),
  };
  const nodes = await findNodes(admin, SEARCH, new ManualClock());
  expect(nodeList(nodes)).toBe('n1 at h1:1, n2 at h2:1');
});

test('a node that has heard of nobody yet has found itself', async () => {
  const admin = { status: async () => statusReply() };
  const nodes = await findNodes(admin, SEARCH, new ManualClock());
  expect(nodeList(nodes)).toBe('n1 at h1:1');
});

test('without an expected number nothing is waited for', async () => {
  const clock = new ManualClock();
  const admin = { status: () => Promise.reject(new CoterieError('UNREACHABLE', 'no')) };
  await expect(findNodes(admin, SEARCH, clock)).rejects.toMatchObject({ code: 'UNREACHABLE' });
  expect(clock.timersSet).toBe(0);
});
