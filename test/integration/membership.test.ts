/** Five processes that know one seed: they find each other, become one cluster, and notice who dies
 *  and who only sleeps.
 *  Their times are promises, so they are asserted, as for a quiet machine: each is a named bound,
 *  to which is added what this machine is short of (by how much the timers of this process were
 *  late meanwhile, all in all) and the time for a look. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemberWatch } from '../support/member-watch.ts';
import { ProcessCluster } from '../support/process-cluster.ts';
import { assertNothingLeft, coterie } from '../support/processes.ts';
import { waitUntil } from '../support/wait-until.ts';

interface StatusJson {
  readonly node: object;
  readonly nodes: readonly object[];
}

const NODES = ['n0', 'n1', 'n2', 'n3', 'n4'];
/** kill -9: nobody routes to it any more. */
const AVOID_WITHIN_MS = 1_500;
/** kill -9: all agree that it is gone. */
const DOWN_WITHIN_MS = 6_000;
/** SIGSTOP: the same of one that is silent. */
const SILENT_DOWN_WITHIN_MS = 20_000;
const STOPPED_MS = 10_000;
/** SIGCONT after that. */
const ALIVE_WITHIN_MS = 3_000;
/** Between two looks, and for a look. */
const LOOK_MS = 100;
const FOUND_WITHIN_MS = 10_000;
/** Waits go on for as long as it takes, to tell how late it was. */
const PATIENCE_MS = 25_000;

const BAD = ['AVOID', 'SUSPECT', 'DOWN'];

let cluster: ProcessCluster;
let watch: MemberWatch;

beforeAll(async () => {
  const env = { COTERIE_LOG_LEVEL: 'info' };
  cluster = await ProcessCluster.start(NODES.length, { seeded: true, init: false, env });
  watch = new MemberWatch(cluster.addresses);
});

afterAll(async () => {
  await watch?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
  assertNothingLeft();
});

function allBut(name: string): string[] {
  return NODES.filter((other) => other !== name);
}

/** How long it takes from now until each of `by` says one of `states` of `about`. */
async function expectWithin(
  boundMs: number,
  about: string,
  by: readonly string[],
  states: readonly string[],
  sinceMs: number,
): Promise<void> {
  const lateMs = watch.lateMs;
  const atMs = await watch.until(about, by, states, PATIENCE_MS);
  const allowanceMs = LOOK_MS + watch.lateMs - lateMs;
  const figure = `${Math.round(atMs - sinceMs)} ms, allowance ${Math.round(allowanceMs)} ms`;
  console.log(`${about} is ${states.join(' or ')} at all of ${by.join(', ')} after ${figure}`);
  expect(atMs - sinceMs, `${states[0]} of ${about}`).toBeLessThan(boundMs + allowanceMs);
}

describe('five nodes that know one seed', { timeout: 120_000 }, () => {
  it('find each other and become one cluster of five', async () => {
    for (const name of NODES) await watch.until(name, NODES, ['ALIVE'], FOUND_WITHIN_MS);
    const asked = ['--node', cluster.address(3), '--expect', `${NODES.length}`];
    const made = await coterie(['cluster', 'init', ...asked]);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    await cluster.untilServing();
    for (const index of NODES.keys()) {
      const shown = await coterie(['status', ...cluster.nodes(index), '--json']);
      const { node, nodes } = shown.json<StatusJson>();
      expect(node).toMatchObject({ name: `n${index}`, state: 'SERVING' });
      const alive = NODES.map((id, at) => ({ id, address: cluster.address(at), state: 'ALIVE' }));
      expect(nodes).toMatchObject(alive);
    }
  });

  it('avoid one that is killed at once, and agree within seconds that it is down', async () => {
    const others = allBut('n4');
    const killedMs = performance.now();
    await cluster.kill(4);
    await expectWithin(AVOID_WITHIN_MS, 'n4', others, BAD, killedMs);
    await expectWithin(DOWN_WITHIN_MS, 'n4', others, ['DOWN'], killedMs);
    await cluster.startNode(4);
    await cluster.untilServing();
    for (const name of NODES) await watch.until(name, NODES, ['ALIVE'], FOUND_WITHIN_MS);
  });

  it('find one that is stopped down; it convicts nobody when it goes on', async () => {
    const others = allBut('n2');
    const from = cluster.process(2).log().length;
    const stoppedMs = performance.now();
    cluster.process(2).signal('SIGSTOP');
    await expectWithin(SILENT_DOWN_WITHIN_MS, 'n2', others, ['DOWN'], stoppedMs);
    await waitUntil(() => performance.now() - stoppedMs >= STOPPED_MS, {
      deadlineMs: PATIENCE_MS,
      what: 'the end of the pause',
    });
    const continuedMs = performance.now();
    const before = watch.changes.length;
    cluster.process(2).signal('SIGCONT');
    await expectWithin(ALIVE_WITHIN_MS, 'n2', others, ['ALIVE'], continuedMs);
    await waitUntil(() => performance.now() - continuedMs >= ALIVE_WITHIN_MS, {
      deadlineMs: PATIENCE_MS,
      what: 'a stopped node to have had time for false accusations',
    });
    const its = watch.changes
      .slice(before)
      .filter(({ by, about }) => by === 'n2' || about !== 'n2');
    expect(its).toEqual([]);
    expect(watch.answeredMs('n2')).toBeGreaterThan(continuedMs + ALIVE_WITHIN_MS / 2);
    expect(cluster.process(2).log().slice(from)).not.toMatch(/member-down/);
  });
});
