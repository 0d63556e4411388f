/** What two members tell each other when a link opens, and when it is refused.
 *  Invariant: a link carries data only between nodes of one cluster, one partitioning and one
 *  protocol version, whose layouts are equal; a fresh node answers every handshake, so that the
 *  layout can be passed on to it.
 *  Not here: what is remembered of stores (core/membership/standing.ts), streams (outbound-link.ts,
 *  inbound-link.ts).
 *  Source: ARCHITECTURE 5.19, 5.24. */
import { bytesEqual, bytesToHex, hexToBytes } from '../../core/bytes.ts';
import { CoterieError } from '../../core/errors.ts';
import {
  COMMITS_UNKNOWN,
  foundCommitOf,
  MADE_GOOD_MAX,
  type OpenedStore,
  type Remembered,
  RUNS_MAX,
  SUCCESSORS_MAX,
} from '../../core/membership/standing.ts';
import type { Hello } from '../../wire/generated/coterie/v1/peer.ts';
import type { Place } from '../contracts.ts';

export const PROTOCOL_VERSION = 1;

export interface Speaker {
  readonly name: string;
  readonly address: string;
  readonly opened: OpenedStore;
  readonly place: Place | undefined;
}

export function makeHello(speaker: Speaker, remembered: Remembered | undefined): Hello {
  const { opened, place } = speaker;
  return {
    protocol: PROTOCOL_VERSION,
    clusterId: place?.ring.layout.clusterId ?? NO_BYTES,
    name: speaker.name,
    address: speaker.address,
    partitions: place?.ring.layout.partitions ?? 0,
    layoutVersion: place?.ring.layout.version ?? 0,
    layoutHash: place?.ring.hash ?? NO_BYTES,
    storeId: hexToBytes(opened.storeId),
    run: opened.run,
    runIds: opened.runs.map(({ id }) => hexToBytes(id)),
    runCommits: opened.runs.map((run) => run.commitSeq),
    previousRun: opened.previousRun,
    ceiling: opened.ceiling,
    commitSeq: foundCommitOf(opened),
    madeGood: opened.madeGood.map(hexToBytes),
    rebuilding: opened.isRebuilding,
    statement: opened.statement,
    refused: undefined,
    linkId: 0,
    remembered:
      remembered === undefined
        ? undefined
        : {
            storeId: hexToBytes(remembered.storeId),
            run: remembered.run,
            runId: hexToBytes(remembered.runId),
            ceiling: remembered.ceiling,
            commitSeq: remembered.commitSeq,
            successorIds: remembered.successors.map(({ runId }) => hexToBytes(runId)),
            successorCommits: remembered.successors.map((successor) => successor.commitSeq),
          },
  };
}

/** Errors: MALFORMED_MESSAGE, here and in `rememberedOf`. */
export function openedOf(hello: Hello): OpenedStore {
  const runs = withCommits(hello.runIds, hello.runCommits, hello.commitSeq).slice(-RUNS_MAX);
  return {
    storeId: bytesToHex(hello.storeId),
    run: whole(hello.run),
    runs: runs.map(({ id, commitSeq }) => ({ id: bytesToHex(id), commitSeq: whole(commitSeq) })),
    previousRun: whole(hello.previousRun),
    ceiling: whole(hello.ceiling),
    madeGood: hello.madeGood.slice(-MADE_GOOD_MAX).map(bytesToHex),
    isRebuilding: hello.rebuilding,
    statement: hello.statement,
  };
}

export function rememberedOf(hello: Hello): Remembered | undefined {
  const { remembered } = hello;
  if (remembered === undefined) return undefined;
  const { successorIds, successorCommits } = remembered;
  const successors = withCommits(successorIds, successorCommits, COMMITS_UNKNOWN);
  return {
    storeId: bytesToHex(remembered.storeId),
    run: whole(remembered.run),
    runId: bytesToHex(remembered.runId),
    ceiling: whole(remembered.ceiling),
    commitSeq: whole(remembered.commitSeq),
    successors: successors.slice(-SUCCESSORS_MAX).map(({ id, commitSeq }) => ({
      runId: bytesToHex(id),
      commitSeq: commitSeq === COMMITS_UNKNOWN ? commitSeq : whole(commitSeq),
    })),
  };
}

/** `missing`: of those who sent no commits at all. */
function withCommits(
  ids: readonly Uint8Array[],
  commits: readonly number[],
  missing: number,
): { readonly id: Uint8Array; readonly commitSeq: number }[] {
  if (commits.length !== 0 && commits.length !== ids.length) {
    throw new CoterieError(
      'MALFORMED_MESSAGE',
      `A greeting has ${commits.length} commits for ${ids.length} runs`,
    );
  }
  return ids.map((id, index) => ({ id, commitSeq: commits[index] ?? missing }));
}

function whole(value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new CoterieError('MALFORMED_MESSAGE', `A greeting has ${value} where a count belongs`);
}

/** Is the other side fresh: it belongs to no cluster yet. */
export function isFresh(hello: Hello): boolean {
  return hello.clusterId.length === 0;
}

/** Throws VERSION_UNSUPPORTED, CLUSTER_MISMATCH, NOT_OWNER (no member of that name) or
 *  STALE_LAYOUT. Between a fresh node and a member everything but the protocol is left open. */
export function checkHello(hello: Hello, place: Place | undefined): void {
  if (hello.protocol !== PROTOCOL_VERSION) {
    throw new CoterieError(
      'VERSION_UNSUPPORTED',
      `The other side speaks protocol ${hello.protocol}, this node speaks ${PROTOCOL_VERSION}`,
    );
  }
  if (place === undefined || isFresh(hello)) return;
  const { layout } = place.ring;
  if (!bytesEqual(hello.clusterId, layout.clusterId)) {
    throw new CoterieError(
      'CLUSTER_MISMATCH',
      `${hello.name} belongs to cluster ${bytesToHex(hello.clusterId)}, this node to ` +
        `${bytesToHex(layout.clusterId)}`,
    );
  }
  if (hello.partitions !== layout.partitions) {
    throw new CoterieError(
      'CLUSTER_MISMATCH',
      `${hello.name} has ${hello.partitions} partitions, this node has ${layout.partitions}`,
    );
  }
  if (place.ring.roleByName(hello.name) === undefined) {
    throw new CoterieError(
      'CLUSTER_MISMATCH',
      `${hello.name} is no member of layout ${layout.version}`,
    );
  }
  if (!bytesEqual(hello.layoutHash, place.ring.hash)) {
    throw new CoterieError(
      'STALE_LAYOUT',
      `${hello.name} works with another layout (version ${hello.layoutVersion}, here ` +
        `${layout.version})`,
    );
  }
}

const NO_BYTES = new Uint8Array(0);
