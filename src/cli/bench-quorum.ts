/** `coterie bench quorum`: every setting of a matrix over N, R and W on one cluster of each N, what
 *  it costs and how fresh it is, beside what theory predicts. */
import { Command } from 'commander';
import type { BenchCluster } from '../bench/cluster.ts';
import { codesOf } from '../bench/outcomes.ts';
import type { CellResult } from '../bench/quorum/cell-result.ts';
import {
  brokenPromises,
  type QuorumConfig,
  type QuorumReport,
  quorumReport,
} from '../bench/quorum/quorum-report.ts';
import { measureSettings, type QuorumProgress } from '../bench/quorum/run-quorum.ts';
import { type QuorumSetting, settingsOf } from '../bench/quorum/setting.ts';
import { readReport } from '../bench/report/read-report.ts';
import { type ClusterChoice, clusterChoice, usage, workloadOf } from './bench-flags.ts';
import { addQuorumFlags, type QuorumFlags, quorumConfigOf } from './bench-quorum-flags.ts';
import { quorumText } from './bench-quorum-text.ts';
import {
  EXIT_INTERRUPTED,
  type Interrupt,
  interruptOf,
  provenanceOf,
  startChosen,
  unlessItFails,
} from './bench-run.ts';
import { exitCodeOf } from './error-report.ts';
import type { BenchPorts, CliContext } from './ports.ts';
import { checkPagePlace, writePage } from './report-file.ts';
import { jsonLine } from './result-json.ts';

export function benchQuorumCommand(context: CliContext): Command {
  const command = new Command('quorum').description(
    'measure a matrix of N, R and W: throughput, latency, staleness beside the prediction',
  );
  return addQuorumFlags(command).action((flags: QuorumFlags) => benchQuorum(context, flags));
}

/** One cluster after the other, each with its settings. */
interface Part {
  readonly choice: ClusterChoice;
  readonly settings: readonly QuorumSetting[];
}

async function benchQuorum(context: CliContext, flags: QuorumFlags): Promise<void> {
  const workload = workloadOf(flags);
  const config = quorumConfigOf(flags, workload);
  const { parts, nodes } = await partsOf(context, flags);
  if (flags.html !== undefined) await checkPagePlace(flags.html);
  const bench = await context.ports.bench();
  const provenance = provenanceOf(context, bench, flags.seed);
  const startedMs = context.clock.monotonicMs();
  const interrupt = interruptOf(context.ports.stopSignal());
  const results: CellResult[] = [];
  try {
    for (const part of parts) {
      if (interrupt.hasCome) break;
      results.push(...(await measurePart(context, bench, part, { flags, config, interrupt })));
    }
  } catch (error) {
    // The same Ctrl-C goes to the nodes: what fails then is no news.
    if (!interrupt.hasCome) throw error;
  }
  if (interrupt.hasCome) context.exitCode = EXIT_INTERRUPTED;
  if (results.every(({ slices }) => slices.length === 0)) {
    return context.terminal.writeError('Interrupted: there is nothing to report yet.\n');
  }
  const report = quorumReport({
    workload: workload.name,
    config,
    elapsedSeconds: (context.clock.monotonicMs() - startedMs) / 1_000,
    cluster: { kind: parts[0]?.choice.kind ?? 'spawned', nodes, replicas: null },
    results,
    isInterrupted: interrupt.hasCome,
    provenance,
  });
  await tell(context, flags, report);
}

/** Errors: INVALID_ARGUMENT. */
async function partsOf(
  { ports }: CliContext,
  flags: QuorumFlags,
): Promise<{ readonly parts: readonly Part[]; readonly nodes: number }> {
  const { n, r, w, levels = [], nodes: addresses, fault, embedded, spawn } = flags;
  if (addresses !== undefined) {
    if (n !== undefined)
      throw usage('--n is for clusters that are started; the one of --nodes has its own');
    if (fault !== undefined)
      throw usage('--fault is for clusters that are started, not for --nodes');
    const choice = clusterChoice(flags);
    await using client = await ports.connect({ nodes: addresses });
    const replicas = (await client.layout()).layout.replicas;
    const settings = settingsOf({ n: [replicas], r, w, levels });
    return { parts: [{ choice, settings }], nodes: addresses.length };
  }
  const most = Math.max(...(n ?? [1]));
  const nodes = embedded ?? spawn ?? Math.max(NODES, most);
  if (most > nodes) throw usage(`N ${most} needs as many nodes, and there are ${nodes}`);
  const parts = [...new Set(n ?? [Math.min(NODES, nodes)])].map((replicas) => ({
    choice: clusterChoice({
      ...flags,
      replicas,
      ...(embedded === undefined ? { spawn: nodes } : {}),
    }),
    settings: settingsOf({ n: [replicas], r, w, levels }),
  }));
  return { parts, nodes };
}

const NODES = 3;

interface PartInput {
  readonly flags: QuorumFlags;
  readonly config: QuorumConfig;
  readonly interrupt: Interrupt;
}

async function measurePart(
  context: CliContext,
  bench: BenchPorts,
  { choice, settings }: Part,
  { flags, config, interrupt }: PartInput,
): Promise<CellResult[]> {
  const hasFaults = flags.fault !== undefined;
  const cluster: BenchCluster = await startChosen(context, bench, choice, { hasFaults });
  try {
    const clients = await bench.startClients(config.clients);
    try {
      interrupt.whenItComes(() => clients.stop());
      const work = measureSettings(context.clock, cluster, clients, {
        settings,
        config,
        seed: flags.seed,
        fault: flags.fault,
        isStopped: () => interrupt.hasCome,
        onProgress: (progress) => showProgress(context, progress, config),
      });
      return await unlessItFails(cluster, work);
    } finally {
      await clients.close();
      if (context.terminal.isErrorTerminal) await context.terminal.writeError(CLEAR_LINE);
    }
  } finally {
    await cluster.stop();
  }
}

const CLEAR_LINE = '\r\u001b[K';

function showProgress(
  { terminal }: CliContext,
  { setting, round, figures, errors }: QuorumProgress,
  { rounds }: QuorumConfig,
): void {
  if (!terminal.isErrorTerminal) return;
  const rate = Math.round(figures?.throughput ?? 0).toLocaleString('en-US');
  const p99 = (name: 'readP99Ms' | 'writeP99Ms'): string => figures?.[name]?.toFixed(1) ?? '-';
  const doing =
    round === 0
      ? 'load'
      : `round ${round} of ${rounds}: ${rate} /s, p99 read ${p99('readP99Ms')} write ` +
        `${p99('writeP99Ms')} ms, ${errors} error${errors === 1 ? '' : 's'}`;
  void terminal.writeError(`${CLEAR_LINE}${setting}: ${doing}`);
}

async function tell(context: CliContext, flags: QuorumFlags, report: QuorumReport): Promise<void> {
  const { terminal } = context;
  await terminal.write(flags.json === true ? jsonLine(report) : quorumText(report, terminal));
  if (flags.html !== undefined) await writePage(readReport(report), flags.html);
  const broken = brokenPromises(report);
  if (broken.length > 0) {
    const names = broken.map(({ name }) => name).join('; ');
    await terminal.writeError(`Stale reads at settings that exclude them: ${names}. A bug.\n`);
    context.exitCode = exitCodeOf({ code: 'ASSERTION_FAILED' });
    return;
  }
  const unexpected = report.settings
    .flatMap(({ errors, probeErrors }) => [...codesOf(errors), ...codesOf(probeErrors)])
    .find((code) => flags.allowErrors?.includes(code) !== true);
  if (unexpected !== undefined && !report.isInterrupted) {
    context.exitCode = exitCodeOf({ code: unexpected });
  }
}
