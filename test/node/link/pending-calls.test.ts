import { expect, it } from 'vitest';
import { Deadlines } from '../../../src/core/deadlines.ts';
import type { CoterieError } from '../../../src/core/errors.ts';
import type { PeerCall, PeerResult } from '../../../src/node/contracts.ts';
import { PendingCalls } from '../../../src/node/link/pending-calls.ts';
import { ManualClock } from '../../client/manual-clock.ts';

const EPOCHS = { current: 0, minimum: 0, read: 0 };

function callOf(done: (result: PeerResult | CoterieError) => void): PeerCall {
  const read = { bucket: '', key: new Uint8Array(0), digestAbove: 0 };
  const operation = { $case: 'read', read } as const;
  return { operation, epochs: EPOCHS, deadlineMs: 1_000, bytes: 1, done };
}

it('fails the oldest first, those alone that were sent or all of them', () => {
  const pending = new PendingCalls(new Deadlines(new ManualClock()), () => undefined);
  const over: (readonly [number, string | undefined])[] = [];
  for (let index = 0; index < 40; index += 1) {
    const id = pending.add(
      callOf((result) => {
        const applied = 'applied' in result ? result.applied : undefined;
        over.push([index, applied]);
      }),
    );
    const call = pending.get(id);
    if (call !== undefined && index % 4 === 0) call.isSent = true;
  }
  pending.failSent('n2', 'it is gone');
  expect(over).toEqual([0, 4, 8, 12, 16, 20, 24, 28, 32, 36].map((index) => [index, 'unknown']));
  expect(pending.bytes).toBe(30);
  over.length = 0;
  pending.failAll('n2', 'it is gone');
  expect(over.map(([index]) => index)).toEqual(
    Array.from({ length: 40 }, (_, index) => index).filter((index) => index % 4 !== 0),
  );
  expect(new Set(over.map(([, applied]) => applied))).toEqual(new Set(['no']));
  expect([pending.size, pending.bytes]).toEqual([0, 0]);
});
