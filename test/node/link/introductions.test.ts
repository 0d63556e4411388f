/** What becomes of an introduction that is not answered as it should be. */
import { expect, test } from 'vitest';
import { Deadlines } from '../../../src/core/deadlines.ts';
import { CoterieError } from '../../../src/core/errors.ts';
import type { PeerCall, Reach } from '../../../src/node/contracts.ts';
import { openedOf } from '../../../src/node/link/handshake.ts';
import { Introductions } from '../../../src/node/link/introductions.ts';
import { ManualClock } from '../../client/manual-clock.ts';
import { Notes } from '../notes.ts';
import { HELLO } from './outbound-rig.ts';

const PEER = 2;

class Rig {
  readonly clock = new ManualClock();
  readonly notes = new Notes();
  readonly calls: PeerCall[] = [];
  readonly heard: number[] = [];
  reach: Reach = 'up';
  memoryFails = false;
  readonly introductions = new Introductions(
    { deadlines: new Deadlines(this.clock), log: this.notes },
    { reach: () => this.reach, call: (_, call) => this.calls.push(call) },
    () => ({ name: 'near', address: 'near:1', place: undefined, opened: openedOf(HELLO) }),
    {
      remembered: () => undefined,
      peerGreeted: async (nodeIndex) => {
        if (this.memoryFails) throw new CoterieError('STORAGE_IO', 'The disk is gone');
        this.heard.push(nodeIndex);
      },
    },
  );

  get warnings(): string[] {
    return this.notes.log.filter(({ level }) => level === 'warn').map(({ event }) => event);
  }

  async answer(result: Parameters<PeerCall['done']>[0]): Promise<void> {
    this.calls.at(-1)?.done(result);
    await this.clock.settle();
  }
}

const ANSWER = { $case: 'introduced', introduced: { hello: HELLO } } as const;

test('an answer is heard, and nothing is said again', async () => {
  const rig = new Rig();
  rig.introductions.begin([PEER]);
  await rig.answer(ANSWER);
  await rig.clock.advance(60_000);
  expect(rig.heard).toEqual([PEER]);
  expect(rig.calls).toHaveLength(1);
  expect(rig.warnings).toEqual([]);
});

test('a link that ends meanwhile is no failure: its next greeting says the same', async () => {
  const rig = new Rig();
  rig.introductions.begin([PEER]);
  await rig.answer(new CoterieError('UNREACHABLE', 'The stream was ended'));
  await rig.clock.advance(60_000);
  expect(rig.calls).toHaveLength(1);
  expect(rig.warnings).toEqual([]);
});

test.each([
  ['a refusal', new CoterieError('STORAGE_IO', 'The disk is gone')],
  ['silence', new CoterieError('DEADLINE_EXCEEDED', 'No answer')],
  ['an answer of another kind', { $case: 'introduced', introduced: { hello: undefined } } as const],
])('%s is told, and the member is told again', async (_, result) => {
  const rig = new Rig();
  rig.introductions.begin([PEER]);
  await rig.answer(result);
  expect(rig.warnings).toEqual(['introduction-failed']);
  await rig.clock.advance(500);
  expect(rig.calls).toHaveLength(2);
  await rig.answer(ANSWER);
  await rig.clock.advance(60_000);
  expect(rig.calls).toHaveLength(2);
});

test('an answer that cannot be made durable is asked for again', async () => {
  const rig = new Rig();
  rig.memoryFails = true;
  rig.introductions.begin([PEER]);
  await rig.answer(ANSWER);
  expect(rig.warnings).toEqual(['introduction-failed']);
  rig.memoryFails = false;
  await rig.clock.advance(500);
  await rig.answer(ANSWER);
  expect(rig.heard).toEqual([PEER]);
});

test('a member that cannot be spoken with is not called', async () => {
  const rig = new Rig();
  rig.introductions.begin([PEER]);
  rig.reach = 'down';
  await rig.answer(new CoterieError('DEADLINE_EXCEEDED', 'No answer'));
  await rig.clock.advance(60_000);
  expect(rig.calls).toHaveLength(1);
});

test('after the stop nothing is said', async () => {
  const rig = new Rig();
  rig.introductions.begin([PEER]);
  await rig.answer(new CoterieError('DEADLINE_EXCEEDED', 'No answer'));
  rig.introductions.stop();
  await rig.clock.advance(60_000);
  expect(rig.calls).toHaveLength(1);
});
