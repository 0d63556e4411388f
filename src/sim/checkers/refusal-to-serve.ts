/** Does a node that came back with less than it once had keep silent? What it lacks it would deny:
 *  each of its answers could undo an acknowledged write.
 *  - A log with a hole in its middle is noticed by the node itself: from the loss on it neither
 *    answers nor mints. It goes on to take what others minted, and may be counted for that; a write
 *    that it alone acknowledges is one it has minted.
 *  - A node with an emptied disk, or one of which the damaged files were set aside, neither answers
 *    nor mints from the loss on, before a peer has told it as well as after. For keys of which it
 *    owns no replica it may mint until it has been told: there it lacks nothing.
 *  - A disk that was rolled back is noticed by peers, if one of them can know what is missing: when
 *    the node had acknowledged, together with another node, a write that is gone. It waits for
 *    them. Those that it cannot reach for long have told it nothing: then it may mint and answer at
 *    one, but no strict read counts it.
 *  - A rotted row, or one of a bad block, is never shown: no read of such a key returns bytes that
 *    nobody wrote.
 *  - Of a key that it has made good since it may answer and mint again; it serves as a whole only
 *    after it was RECOVERING and rebuilt something.
 *  - What it has come to know of itself it knows after the next start too.
 *  Invariant: only operations that began after the loss are held against the node.
 *  Not here: a node that knows of a bad block (damaged-files.ts), equality of the others
 *  (replicas-equal), whether what was made good is right (every other check).
 *  Source: ARCHITECTURE 5.19, 5.20; docs/guarantees.md, G1, G3. */
import type { DiskLoss, History, Operation } from '../history.ts';
import type { Checker } from './checker.ts';
import { Findings } from './findings.ts';
import { rebuiltUs } from './rebuilt.ts';
import { isRepairing } from './strictness.ts';

const NAME = 'refusal-to-serve';
/** Within this time of finding out it has surely noted it on its disk. */
const NOTED_US = 10_000_000;
/** So long it surely waits for its peers. */
const ASKING_US = 1_500_000;
const OWNS_ALL = { owns: (): boolean => true };

export const refusalToServe: Checker = {
  name: NAME,
  promise: 'G1: a node that lost synced data serves what it has rebuilt, and nothing before',
  needs: [],
  check(history) {
    const findings = new Findings(NAME);
    for (const loss of history.losses) {
      if (loss.kind === 'bit-rot' || loss.kind === 'bad-block') checkRot(history, loss, findings);
      else if (mustBeNoticed(history, loss)) checkLoss(history, loss, findings);
    }
    return findings.violations;
  },
};

/** Whether the node can be expected to find out. */
function mustBeNoticed(history: History, loss: DiskLoss): boolean {
  if (loss.kind !== 'rollback') return true;
  return history.operations.some((operation) => {
    if (operation.kind === 'get' || operation.outcome !== 'ok') return false;
    const { acknowledgedBy, startUs, endUs } = operation;
    const isGone = startUs >= loss.intactUntilUs && endUs <= loss.atUs;
    return isGone && acknowledgedBy.length > 1 && acknowledgedBy.includes(loss.node);
  });
}

function checkLoss(history: History, loss: DiskLoss, findings: Findings): void {
  const { node, kind } = loss;
  const contents = history.contents.find((replica) => replica.node === node);
  const wholeUs = servesFromUs(history, loss);
  if (contents?.state === 'SERVING' && wholeUs === undefined) {
    findings.add(undefined, [], `${node} lost data (${kind}) and is SERVING at the end`);
  } else {
    const served = history.states?.find((change) => {
      const { atUs, state } = change;
      const isEarly = atUs > loss.atUs && atUs < (wholeUs ?? Number.POSITIVE_INFINITY);
      return change.node === node && isEarly && state === 'SERVING';
    });
    if (served !== undefined) {
      findings.add(undefined, [], `${node} lost data (${kind}) and served again`);
    }
  }
  if (hasForgotten(history, loss)) {
    findings.add(undefined, [], `${node} lost data (${kind}), knew it, and forgot it at a restart`);
  }
  const silentFromUs = silentFrom(history, loss);
  const asksUntilUs = askingUntil(history, loss);
  for (const operation of history.operations) {
    if (operation.outcome !== 'ok' || operation.startUs <= loss.atUs) continue;
    if ((rebuiltUs(history, loss, operation.key) ?? Number.POSITIVE_INFINITY) <= operation.endUs) {
      continue;
    }
    const isSilent = operation.startUs > silentFromUs || operation.endUs < asksUntilUs;
    if (!countsOn(operation, node) || !(isSilent || isStrictRead(history, operation))) continue;
    const { id, key, client } = operation;
    const what = operation.kind === 'get' ? `read ${id}` : `write ${operation.write}`;
    const message = `${node} lost data (${kind}) and was counted for ${what} by ${client}`;
    findings.add(key, [id], message);
  }
  checkMints(history, loss, silentFromUs, findings);
}

/** Opened again before it served, and not RECOVERING from the start, although it had long been. */
function hasForgotten({ states = [], losses }: History, loss: DiskLoss): boolean {
  const { node, atUs } = loss;
  const later = losses.filter((other) => other.node === node && other.atUs > atUs);
  const untilUs = Math.min(...later.map((other) => other.atUs), Number.POSITIVE_INFINITY);
  const own = states.filter((of) => of.node === node && of.atUs > atUs && of.atUs < untilUs);
  const noticed = own.find(({ state }) => state === 'RECOVERING');
  if (noticed === undefined) return false;
  const ended = own.find((of) => of.state === 'DOWN' && of.atUs > noticed.atUs + NOTED_US);
  if (ended === undefined) return false;
  const served = own.find(({ state, atUs: sinceUs }) => {
    return state === 'SERVING' && sinceUs > noticed.atUs;
  });
  const beforeUs = served?.atUs ?? Number.POSITIVE_INFINITY;
  return own.some(({ state, atUs: openedUs }) => {
    return state === 'UNVERIFIED' && openedUs > ended.atUs && openedUs < beforeUs;
  });
}

/** From when on it may serve as a whole; undefined: not at all. */
function servesFromUs(history: History, loss: DiskLoss): number | undefined {
  const sinceUs = noticedUs(history, loss);
  if (sinceUs === undefined) return undefined;
  return history.rebuilt?.find(({ node, atUs }) => node === loss.node && atUs >= sinceUs)?.atUs;
}

/** Until when it has certainly not given up waiting for its peers. */
function askingUntil({ states = [] }: History, { node, atUs }: DiskLoss): number {
  const later = states.filter((change) => change.node === node && change.atUs > atUs);
  const opened = later.find(({ state }) => !['DOWN', 'UNINITIALISED'].includes(state));
  return opened?.state === 'UNVERIFIED' ? opened.atUs + ASKING_US : Number.NEGATIVE_INFINITY;
}

/** From when on it does nothing at all for clients. */
function silentFrom(history: History, loss: DiskLoss): number {
  if (loss.kind !== 'rollback') return loss.atUs;
  return noticedUs(history, loss) ?? Math.max(loss.atUs, history.healedUs);
}

function noticedUs({ states = [] }: History, { node, atUs }: DiskLoss): number | undefined {
  return states.find((change) => {
    return change.node === node && change.atUs > atUs && change.state === 'RECOVERING';
  })?.atUs;
}

/** Whether the operation rests on what the node had, or gave a dot. */
export function countsOn(operation: Operation, node: string): boolean {
  if (operation.kind === 'get') return operation.answeredBy?.includes(node) === true;
  const { acknowledgedBy, found } = operation;
  // A delete that found nothing was a read.
  if (found === false) return acknowledgedBy.includes(node);
  return acknowledgedBy.length === 1 && acknowledgedBy.includes(node);
}

function isStrictRead(history: History, operation: Operation): boolean {
  return operation.kind === 'get' && isRepairing(operation, history.replicas);
}

/** A dot that it had given before the loss may come back to it from others; one that was decided on
 *  before the node knew may be written a little later. Until it knows it may stand in for others.
 *  */
function checkMints(history: History, loss: DiskLoss, silentUs: number, findings: Findings): void {
  const underWayUs = history.underWayUs ?? 0;
  const { owns } = history.contents.find(({ node }) => node === loss.node) ?? OWNS_ALL;
  const knownUs = Math.max(noticedUs(history, loss) ?? silentUs, silentUs);
  const fromUs = (key: string): number => (owns(key) ? silentUs : knownUs) + underWayUs;
  const own = history.minted.filter(({ node }) => node === loss.node);
  const before = new Set<string>();
  for (const { key, dot, atUs } of own) if (atUs <= fromUs(key)) before.add(`${dot} ${key}`);
  for (const { key, dot, atUs } of own) {
    if (atUs <= fromUs(key) || before.has(`${dot} ${key}`)) continue;
    if ((rebuiltUs(history, loss, key) ?? Number.POSITIVE_INFINITY) <= atUs) continue;
    const message = `${loss.node} lost data (${loss.kind}) and minted ${dot} for key ${key}`;
    findings.add(key, [], message);
  }
}

function checkRot(history: History, loss: DiskLoss, findings: Findings): void {
  for (const operation of history.operations) {
    if (operation.kind !== 'get' || operation.endUs <= loss.atUs) continue;
    const { id, key, client } = operation;
    if (loss.keys !== undefined && !loss.keys.includes(key)) continue;
    const rotten = operation.seen.find(({ write }) => write === undefined);
    if (rotten === undefined) continue;
    const message =
      `Rows were lost at ${loss.node} (${loss.kind}), and read ${id} of key ${key} by ${client} ` +
      `shows '${rotten.text}', which nobody wrote`;
    findings.add(key, [id], message);
  }
}
