/** How does a failure read? As a story: what happened, to which key, on which nodes, in order, and
 *  what every replica was left with.
 *  Invariants: only what concerns the violation is told; never more than LINES_MAX lines, of which
 *  those that matter least are left out and counted.
 *  Not here: what concerns it (moments.ts), the words (sentences.ts), the command that repeats it
 *  (the shell).
 *  Source: design of the test programme, "shrinking and replay". */
import { CHECKERS } from '../checkers/all.ts';
import type { Violation } from '../checkers/checker.ts';
import type { History, ReplicaContents } from '../history.ts';
import type { RunResult } from '../result.ts';
import { type Moment, momentsOf } from './moments.ts';
import { clockTime, holds, listed } from './sentences.ts';

const LINES_MAX = 60;
const INDENT = '  ';
/** Stands before what the violation is about. */
const MARK = '> ';

/** Lines, each with an end. */
export function tellStory(result: RunResult, violation: Violation): string {
  const head = headOf(result, violation);
  const tail = tailOf(result.history, violation);
  const moments = momentsOf(result.history, violation);
  // Headings, empty lines and the line that counts what is left out.
  const room = LINES_MAX - head.length - tail.length - 3;
  const told = mostTelling(moments, room);
  const timeWidth = Math.max(0, ...told.map(({ atUs }) => clockTime(atUs).length));
  const lines = told.map(({ atUs, text, rank }) => {
    return `${rank === 0 ? MARK : INDENT}${clockTime(atUs).padStart(timeWidth)}  ${text}`;
  });
  const leftOut = moments.length - told.length;
  if (leftOut > 0) lines.push(`${INDENT}(${leftOut} moments that matter less are left out)`);
  const about = violation.key === undefined ? 'What happened' : `What happened to ${violation.key}`;
  return [...head, '', about, ...lines, ...tail].map((line) => `${line}\n`).join('');
}

function headOf({ scenario, history }: RunResult, violation: Violation): string[] {
  const { seed, workload, nodes, replicas } = scenario;
  const promise = CHECKERS.find(({ name }) => name === violation.check)?.promise;
  const steps = scenario.clients.reduce((sum, client) => sum + client.steps.length, 0);
  const lines = [`${violation.check}: ${violation.message}`];
  if (promise !== undefined) lines.push(`Promised: ${promise}`);
  lines.push(
    `Seed ${seed}, workload ${workload}: ${nodes} nodes, ${replicas} replicas of each key, ` +
      `${scenario.clients.length} clients, ${steps} steps, ${scenario.faults.length} faults`,
  );
  if (violation.key !== undefined) {
    const homes = replicasOf(history, violation.key).map(({ node }) => node);
    lines.push(`Replicas of ${violation.key}: ${listed(homes)}`);
  }
  return lines;
}

function tailOf(history: History, { key }: Violation): string[] {
  const replicas = key === undefined ? history.contents : replicasOf(history, key);
  if (replicas.length === 0) return [];
  const nodeWidth = Math.max(...replicas.map(({ node }) => node.length));
  const stateWidth = Math.max(...replicas.map(({ state }) => state.length));
  const lines = replicas.map((replica) => {
    const { node, state } = replica;
    const what = key === undefined ? '' : `  ${heldBy(replica, replicas, key)}`;
    return `${INDENT}${node.padEnd(nodeWidth)}  ${state.padEnd(stateWidth)}${what}`.trimEnd();
  });
  const about = key === undefined ? 'The nodes at the end' : `What is left of ${key} at the end`;
  return ['', about, ...lines];
}

function heldBy(
  replica: ReplicaContents,
  replicas: readonly ReplicaContents[],
  key: string,
): string {
  const record = replica.records.get(key);
  const twin = replicas.find(({ records }) => records.get(key)?.hex === record?.hex);
  const isRepeated = record !== undefined && twin !== undefined && twin !== replica;
  return isRepeated ? `the same as ${twin.node}` : holds(record);
}

function replicasOf({ contents }: History, key: string): readonly ReplicaContents[] {
  return contents.filter(({ owns }) => owns(key));
}

/** Those that matter most, and of these the ones nearest to what the violation is about. */
function mostTelling(moments: readonly Moment[], room: number): readonly Moment[] {
  if (moments.length <= room) return moments;
  const central = moments.filter(({ rank }) => rank === 0).map(({ atUs }) => atUs);
  const farness = (atUs: number): number => {
    return central.reduce((least, time) => Math.min(least, Math.abs(time - atUs)), Infinity);
  };
  const ranked = moments
    .map((moment, index) => ({ moment, index, farUs: farness(moment.atUs) }))
    .sort((one, other) => {
      const byRank = one.moment.rank - other.moment.rank;
      if (byRank !== 0) return byRank;
      return one.farUs === other.farUs ? one.index - other.index : one.farUs - other.farUs;
    });
  const chosen = new Set(ranked.slice(0, room).map(({ moment }) => moment));
  return moments.filter((moment) => chosen.has(moment));
}
