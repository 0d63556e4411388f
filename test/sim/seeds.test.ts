/** Many seeds of the built simulator, over threads, as `coterie sim` runs them: every promise holds
 *  in all of them, the rare paths were taken, and a seed does the same thing each time. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { CampaignReport } from '../../src/sim/campaign.ts';
import { coterie } from '../support/processes.ts';

const SEEDS = 200;
const CAMPAIGN_DEADLINE_MS = 900_000;

async function simulated(...flags: string[]): Promise<CampaignReport> {
  const args = ['sim', '--json', '--no-shrink', ...flags];
  const { stdout, stderr } = await coterie(args, { deadlineMs: CAMPAIGN_DEADLINE_MS });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

/** What a campaign of this size cannot miss unless a path is dead. */
const PATHS = [
  'read_repairs blocking',
  'read_repairs background',
  'read_digests same',
  'read_digests different',
  'read_hedges counted',
  'read_hedges late',
  'read_hedges no_budget',
  'late_answers equal',
  'late_answers different',
  'exchanges equal',
  'exchanges repaired',
  'hints_delivered',
  'hints_dropped',
  'stand_ins',
  'client saw siblings',
  'client repeated',
  'client repeat recognised',
  'client repeat minted anew',
  'client write forwarded',
  'client wrote over a tombstone',
  'client found nothing',
  'client unknown DEADLINE_EXCEEDED',
  'client unknown QUORUM_NOT_MET',
  'client unknown UNREACHABLE',
  'client refused INVALID_CONTEXT',
  'rebuilt',
  'unreadable-made-good',
  'client refused DISK_FULL',
  'client refused OVERLOADED',
  'client refused NO_REPLICA',
  'client refused QUORUM_NOT_MET',
  'disk lost batches',
  'disk torn batches',
  'disk lost after another was rebuilt',
  'disk failed reads',
  'disk bad reads',
  'disk set aside',
  'node aborted',
  'log clock-jump',
  'log member-down',
  'log many-siblings',
  'log record-unreadable',
  'network replays',
  'network resets',
  'network retransmissions',
  'node failed STORAGE_IO',
  'node gave its disk up',
  'minted tombstone',
  'state UNVERIFIED',
  'state FAILED',
  'standing RECOVERING',
  'standing SERVING',
];

describe(`${SEEDS} seeds of five nodes and two virtual minutes`, {
  timeout: CAMPAIGN_DEADLINE_MS,
}, () => {
  let report: CampaignReport;
  beforeAll(async () => {
    report = await simulated('--seed', '1', '--runs', String(SEEDS), '--nodes', '5');
  }, CAMPAIGN_DEADLINE_MS);

  it('keep every promise', () => {
    expect(report.violations).toEqual([]);
    expect(report.runs).toBe(SEEDS);
    for (const [check, runs] of Object.entries(report.checksPassed)) {
      expect([check, runs]).toEqual([check, SEEDS]);
    }
  });

  it('come by every rare path', () => {
    const missed = PATHS.filter((path) => (report.sometimes[path] ?? 0) === 0);
    expect(missed).toEqual([]);
  });

  it('inject every kind of fault that the product can survive so far', () => {
    expect(Object.keys(report.faults)).toHaveLength(22);
  });

  it('get most of what clients ask for done all the same', () => {
    expect(report.acknowledged / report.operations).toBeGreaterThan(0.8);
  });
});

describe('20 seeds run twice', () => {
  it('do exactly the same', { timeout: CAMPAIGN_DEADLINE_MS }, async () => {
    const flags = ['--seed', '500', '--runs', '20', '--minutes', '0.5'];
    const first = await simulated(...flags, '--threads', '1');
    const second = await simulated(...flags, '--threads', '2');
    const { realSeconds: _, ...one } = first;
    const { realSeconds: __, ...other } = second;
    expect(other).toEqual(one);
  });
});
