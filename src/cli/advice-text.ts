/** Advice as people and as programs see it. */
import type {
  Advised,
  Candidate,
  FreshFinding,
  KnownLatency,
  LatencyFinding,
} from '../core/pbs/advice.ts';
import { type Look, renderTable } from './table.ts';

interface EvidenceName {
  readonly kind: 'report' | 'profile';
  readonly name: string;
}

/** One object for each setting; times in milliseconds, to 0.1 us. */
export function adviceJson(advice: readonly Advised[]): unknown[] {
  return advice.map(({ candidate, isMet, latencies, fresh, survives, survival, keeping }) => {
    const { n, r, w, levels, isStrict, readMs, writeMs } = candidate;
    return {
      n,
      r,
      w,
      levels,
      isStrict,
      isMet,
      readMs: latenciesJson(readMs),
      writeMs: latenciesJson(writeMs),
      survives,
      findings: {
        latencies: latencies.map((each) => ({ ...each, foundMs: rounded(each.foundMs) })),
        fresh,
        survive: survival ?? null,
        keep: keeping ?? null,
      },
    };
  });
}

function latenciesJson({ p50, p99, p999 }: Candidate['readMs']) {
  const of = (known: KnownLatency | undefined) => rounded(known?.ms ?? null);
  return { p50: of(p50), p99: of(p99), p999: of(p999) };
}

function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 1e4) / 1e4;
}

export function adviceText(
  advice: readonly Advised[],
  { kind, name }: EvidenceName,
  terminal: Look,
): string {
  const met = advice.filter(({ isMet }) => isMet).length;
  const basis = kind === 'report' ? `measured in ${name}` : `predicted from ${name}`;
  const counted = `${met === 0 ? 'None' : met} of ${advice.length} settings`;
  const verb = met === 1 ? 'meets' : 'meet';
  const summary = `${counted} ${verb} the goals, as ${basis}.\n`;
  const head = ['setting', 'levels', 'read p99', 'write p99', 'may be down', 'goals'];
  const rows = advice.map((each) => {
    const { candidate, survives } = each;
    const { n, r, w, levels, readMs, writeMs } = candidate;
    return [
      `N ${n}, R ${r}, W ${w}`,
      `read ${levels.read ?? `r=${r}`}, write ${levels.write ?? `w=${w}`}`,
      latencyText(readMs.p99),
      latencyText(writeMs.p99),
      `${survives.reads} for reads, ${survives.writes} for writes; ` +
        `lost for ever: ${survives.acknowledged}`,
      goalsText(each),
    ];
  });
  return `${summary}${renderTable({ head, rows }, terminal)}`;
}

function goalsText(advised: Advised): string {
  const { isMet, latencies, fresh, survives, survival, keeping } = advised;
  const { reads, writes, acknowledged } = survives;
  const complaints = [
    ...latencies.filter(({ verdict }) => verdict !== 'met').map(latencyComplaint),
    ...fresh.filter(({ verdict }) => verdict !== 'met').map(freshComplaint),
    survival === 'missed' ? `survives ${Math.min(reads, writes)} down` : '',
    keeping === 'missed' ? `an acknowledged write survives ${acknowledged} lost` : '',
  ].filter((complaint) => complaint !== '');
  const remarks = [
    ...latencies
      .filter(({ verdict, isClose }) => verdict === 'met' && isClose)
      .map(({ verb, percentile }) => `${verb} ${percentile} within the noise`),
    ...fresh
      .filter(({ verdict, source }) => verdict === 'met' && source !== 'promised')
      .map(
        ({ found, share, afterMs, source }) =>
          `${foundText(found, share)} fresh after ${afterMs} ms, ${source}`,
      ),
  ];
  return [isMet ? 'met' : '', ...complaints, ...remarks].filter((part) => part !== '').join('; ');
}

function latencyComplaint({ verb, percentile, wantedMs, foundMs }: LatencyFinding): string {
  if (foundMs === null) return `${verb} ${percentile} is not known`;
  return `${verb} ${percentile} ${msText(foundMs)}, not ${msText(wantedMs)}`;
}

function freshComplaint({ share, afterMs, found, source, verdict }: FreshFinding): string {
  const when = afterMs === 0 ? 'at once' : `after ${afterMs} ms`;
  if (found === null) return `fresh ${when} is not known`;
  if (verdict === 'unclear') return `too few reads to tell ${goalText(share)} fresh ${when}`;
  return `${foundText(found, share)} fresh ${when} (${source}), not ${goalText(share)}`;
}

function latencyText(known: KnownLatency | undefined): string {
  return known === undefined ? '-' : msText(known.ms);
}

function msText(ms: number): string {
  return `${ms.toFixed(ms < 100 ? 2 : 0)} ms`;
}

/** As it was given. */
function goalText(share: number): string {
  return `${percentOf(share)} %`;
}

/** With one digit more than the goal that it is compared with; rounded down, for what is not
 *  certain must not look so. */
function foundText(found: number | null, goal: number): string {
  if (found === null) return '-';
  const digits = 1 + (String(percentOf(goal)).split('.')[1]?.length ?? 0);
  const scale = 10 ** digits;
  return `${(Math.floor(100 * scale * found + 1e-6) / scale).toFixed(digits)} %`;
}

/** Without what binary fractions add. */
function percentOf(share: number): number {
  return Number((100 * share).toFixed(6));
}
