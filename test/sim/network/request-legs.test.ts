import { expect, it } from 'vitest';
import type { LatencyProfile } from '../../../src/core/pbs/profile.ts';
import { Kernel } from '../../../src/sim/kernel/kernel.ts';
import { RequestLegs } from '../../../src/sim/network/request-legs.ts';
import {
  ForwardRequest,
  LinkReply,
  LinkReplyFrame,
  LinkRequest,
  LinkRequestFrame,
  Read,
  ReadReply,
  Replicate,
  ReplicateAck,
} from '../../../src/wire/generated/coterie/v1/peer.ts';

const of = (ms: number) => ({ kind: 'constant', ms }) as const;
const PROFILE: LatencyProfile = {
  name: 'each leg another time',
  remoteMs: 10,
  legs: { write: of(1), ack: of(2), read: of(3), response: of(4) },
};

const legs = new RequestLegs(new Kernel(1), PROFILE);

const EMPTY = new Uint8Array(0);
const READ = Read.decode(EMPTY);
const REPLICATE = Replicate.decode(EMPTY);

function request(...operations: LinkRequest['operation'][]): number | undefined {
  const frame = LinkRequestFrame.decode(EMPTY);
  const requests = operations.map((operation) => ({ ...LinkRequest.decode(EMPTY), operation }));
  return legs.requestUs(LinkRequestFrame.encode({ ...frame, requests }).finish());
}

function reply(result: LinkReply['result']): number | undefined {
  const frame = LinkReplyFrame.decode(EMPTY);
  const replies = [{ ...LinkReply.decode(EMPTY), result }];
  return legs.replyUs(LinkReplyFrame.encode({ ...frame, replies }).finish());
}

it('gives reads, writes and their answers each its own time, the way between places on top', () => {
  expect(request({ $case: 'replicate', replicate: REPLICATE })).toBe(11_000);
  expect(reply({ $case: 'replicate', replicate: ReplicateAck.decode(EMPTY) })).toBe(12_000);
  expect(request({ $case: 'read', read: READ })).toBe(13_000);
  expect(reply({ $case: 'read', read: ReadReply.decode(EMPTY) })).toBe(14_000);
});

it('leaves everything else to the network', () => {
  const forward = ForwardRequest.decode(EMPTY);
  expect(request({ $case: 'forward', forward })).toBeUndefined();
  expect(reply(undefined)).toBeUndefined();
  expect(request()).toBeUndefined();
});
