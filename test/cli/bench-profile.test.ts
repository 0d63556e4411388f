/** What `coterie bench profile` asks the members, and prints. */
import { beforeEach, describe, expect, it } from 'vitest';
import { LegCounts } from '../../src/core/pbs/leg-counts.ts';
import { decodeProfile } from '../../src/core/pbs/profile-file.ts';
import { legsToWire } from '../../src/wire/legs-codec.ts';
import { memberStatus, statusReply } from './fake-node.ts';
import { FakeWorld } from './fake-world.ts';

let world: FakeWorld;
let legs: LegCounts[];

function member(index: number) {
  const name = `n${index + 1}`;
  return memberStatus({ index, name, address: `h${index + 1}:1`, inLayout: true });
}

beforeEach(() => {
  world = new FakeWorld();
  world.environment = { COTERIE_NODES: 'h1:1' };
  legs = [new LegCounts(), new LegCounts()];
  const status = statusReply({ members: [member(0), member(1)] });
  for (const [index, counts] of legs.entries()) {
    world.admins.set(`h${index + 1}:1`, {
      status: async () => status,
      legs: async () => ({
        node: `n${index + 1}`,
        storeId: Uint8Array.of(index),
        run: 1,
        ...legsToWire(counts.encode()),
      }),
    });
  }
});

function work(counts: LegCounts | undefined, commitMs: number): void {
  counts?.minted(commitMs);
  counts?.copied(commitMs + 2, commitMs);
  counts?.lookedUp(0.1);
}

describe('coterie bench profile', () => {
  it('prints a profile of what all members have counted', async () => {
    work(legs[0], 4);
    work(legs[1], 4);
    const { stdout, stderr, exitCode } = await world.run('bench', 'profile', '--name', 'here');
    expect(exitCode).toBe(0);
    const profile = decodeProfile(JSON.parse(stdout));
    expect(profile.name).toBe('here');
    expect(profile.legs.client).toBeUndefined();
    expect(stderr).toContain(
      'since each node started at 2 of 2 members: writes 2, copies 2, looks',
    );
    expect(world.closed).toBe(world.opened);
  });

  it('counts from now on for so long as it is told', async () => {
    work(legs[0], 4);
    const running = world.run('bench', 'profile', '--seconds', '30');
    await world.clock.advance(1_000);
    work(legs[1], 16);
    await world.clock.advance(30_000);
    const { stdout, stderr } = await running;
    expect(stderr).toContain('in 30 s at 2 of 2 members: writes 1, copies 1,');
    const { mint } = decodeProfile(JSON.parse(stdout)).legs;
    if (mint?.kind !== 'quantiles') throw new Error('no quantiles');
    expect(mint.points[0]?.[1]).toBeGreaterThan(15);
  });

  it('says what is missing when nothing was written or read', async () => {
    const { stderr, exitCode } = await world.run('bench', 'profile');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('counted since each node started were writes 0, copies 0');
  });

  it('goes on without a member that does not answer', async () => {
    work(legs[0], 4);
    world.admins.delete('h2:1');
    const { exitCode, stderr } = await world.run('bench', 'profile');
    expect(exitCode).toBe(0);
    expect(stderr).toContain('at 1 of 2 members: writes 1');
  });
});
