/** Asking every member to compare replicas, and knowing when they are equal. */
import { expect, test } from 'vitest';
import {
  type MemberAdmin,
  membersOf,
  type RepairProgress,
  repairCluster,
} from '../../src/client/repair-cluster.ts';
import { CoterieError } from '../../src/core/errors.ts';
import type { AdminService } from '../../src/wire/services.ts';
import { statusReply } from '../cli/fake-node.ts';
import { addressOf, pairState, RepairedNode } from '../cli/repaired-node.ts';

/** Every timer fires at once, and time passes by it. */
class QuickClock {
  nowMs = 0;
  monotonicMs(): number {
    return this.nowMs;
  }
  setTimer(delayMs: number, callback: () => void) {
    this.nowMs += delayMs;
    queueMicrotask(callback);
    return { cancel() {} };
  }
}

const NAMES = ['n1', 'n2', 'n3'];

function member(node: RepairedNode): MemberAdmin {
  const admin = node.admin as AdminService;
  return { name: node.name, address: addressOf(node.name), admin };
}

function silent(name: string): MemberAdmin {
  const refuse = async (): Promise<never> => {
    throw new CoterieError('UNREACHABLE', `${name} refuses`);
  };
  return { name, address: addressOf(name), admin: { repair: refuse, repairStatus: refuse } };
}

function run(members: readonly MemberAdmin[], more: { timeoutMs?: number; partition?: number }) {
  const seen: RepairProgress[] = [];
  const outcome = repairCluster(
    members,
    {
      partition: more.partition,
      isAwaited: true,
      timeoutMs: more.timeoutMs ?? 10_000,
      progress: async (progress) => {
        seen.push(progress);
      },
    },
    new QuickClock(),
  );
  return { seen, outcome };
}

test('a pair counts as equal only when that was proved after it was asked for', async () => {
  const node = new RepairedNode('n1', NAMES);
  // Proved 100 ms ago: before the question.
  node.reply.pairs = [pairState({ lastEqualMs: 100 })];
  let looks = 0;
  node.onLook = (reply) => {
    looks += 1;
    reply.nowMs += 250;
    const isProved = looks >= 5;
    reply.pairs = [
      pairState({ lastEqualMs: isProved ? 10 : 100 + 250 * looks, found: isProved ? 3 : 0 }),
    ];
  };
  const { seen, outcome } = run([member(node), member(new RepairedNode('n2', NAMES))], {});
  expect(await outcome).toMatchObject({ pairs: 1, equal: 1, found: 3, silent: [] });
  expect(seen.map(({ equal }) => equal)).toEqual([0, 0, 0, 1]);
});

test('a member that does not answer is named, and pairs with it are not waited for', async () => {
  const node = new RepairedNode('n1', NAMES);
  node.reply.pairs = [
    pairState({ peer: 'n2', lastEqualMs: 0 }),
    pairState({ peer: 'n3', failure: 'no answer' }),
  ];
  node.reply.debt = 7;
  const { outcome } = run([member(node), member(new RepairedNode('n2', NAMES)), silent('n3')], {});
  const progress = await outcome;
  expect(progress).toMatchObject({ pairs: 1, equal: 1, debt: 7 });
  expect(progress.silent).toEqual(['n3: n3 refuses']);
});

test('only the partition that was named is asked for and counted', async () => {
  const node = new RepairedNode('n1', NAMES);
  node.reply.pairs = [pairState({ partition: 4, lastEqualMs: 0 }), pairState({ partition: 5 })];
  const { outcome } = run([member(node), member(new RepairedNode('n2', NAMES))], { partition: 4 });
  expect(await outcome).toMatchObject({ pairs: 1, equal: 1 });
  expect(node.asked).toEqual([{ partition: 4, acceptLoss: false }]);
});

test('a wait that is over says how far it came and why', async () => {
  const node = new RepairedNode('n1', NAMES);
  node.reply.pairs = [
    pairState({ partition: 1, lastEqualMs: 0 }),
    pairState({ partition: 2, failure: 'n2 answered OVERLOADED' }),
  ];
  const members = [member(node), member(new RepairedNode('n2', NAMES))];
  const { outcome } = run(members, { timeoutMs: 1_000 });
  await expect(outcome).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
    message: expect.stringContaining('1 of 2 pairs'),
    details: { failures: ['n1 with n2: n2 answered OVERLOADED'] },
  });
});

test('a partition that does not exist is refused', async () => {
  const node = new RepairedNode('n1', NAMES);
  const refuse = async (): Promise<never> => {
    throw new CoterieError('INVALID_ARGUMENT', 'There is no partition 9999');
  };
  const wrong = { ...member(node), admin: { ...member(node).admin, repair: refuse } };
  const { outcome } = run([wrong], { partition: 9_999 });
  await expect(outcome).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
});

test('a node that belongs to no cluster has no members to ask', () => {
  const reason = 'waiting for the members of cluster c1';
  expect(() => membersOf(statusReply({ reason }))).toThrow(`to no cluster yet: ${reason}`);
});
