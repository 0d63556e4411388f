/** What `cluster init` does, decided from what the nodes answered: make the cluster, complete one
 *  that was made half, find it whole, or refuse. Pure: the same answers give the same cluster,
 *  byte for byte, so repeating is harmless.
 *  Not here: asking and telling the nodes (client/init-cluster.ts).
 *  Source: docs/protocol.md. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '../bytes.ts';
import { CoterieError } from '../errors.ts';
import { decodeLayout, encodeLayout, firstLayout, type Layout, type Member } from './layout.ts';
import { CLUSTER_ID_BYTES, isPartitionCount, PARTITIONS_MAX } from './token.ts';

export interface InitArguments {
  /** `HOST:PORT`, as given. */
  readonly nodes: readonly string[];
  readonly replicas: number;
  readonly partitions: number;
}

/** The answer of one node to the reservation. */
export interface NodeAnswer extends Member {
  /** The address that was asked. */
  readonly target: string;
  /** 16 bytes, made with the folder of the node. */
  readonly storeId: Uint8Array;
  /** Encoded; empty when the node belongs to no cluster. */
  readonly layout: Uint8Array;
}

export interface InitPlan {
  /** `create`: all are fresh. `complete`: some lack the layout of the others. `unchanged`: all
   *  have it. */
  readonly kind: 'create' | 'complete' | 'unchanged';
  readonly layout: Layout;
  readonly encoded: Uint8Array;
  /** Addresses to which the layout must be given, as they were asked. */
  readonly targets: readonly string[];
}

/** Names one set of arguments, in any order of the nodes: 16 bytes. */
export function proposalId({ nodes, replicas, partitions }: InitArguments): Uint8Array {
  return idOf(['coterie proposal 1', [...nodes].sort(), replicas, partitions]);
}

/** Errors: INVALID_ARGUMENT when the arguments make no cluster, whatever the nodes answer. */
export function checkArguments({ nodes, replicas, partitions }: InitArguments): void {
  const twice = nodes.find((node, index) => nodes.indexOf(node) !== index);
  if (twice !== undefined) throw usage(`${twice} is named twice`);
  if (nodes.length < replicas) {
    throw usage(
      `${replicas} replicas need as many nodes; ${nodes.length} given: ` +
        'name more of them, or ask for fewer replicas',
    );
  }
  if (!isPartitionCount(partitions)) {
    throw usage(
      `partitions is ${partitions}; it must be a power of two from 1 to ${PARTITIONS_MAX}`,
    );
  }
}

/** Errors: CLUSTER_MISMATCH when a node belongs to another cluster than these arguments describe;
 *  INVALID_ARGUMENT when two answers are of one node or share a name or address. */
export function planInit(
  { replicas, partitions }: InitArguments,
  answers: readonly NodeAnswer[],
): InitPlan {
  checkDistinct(answers);
  const members = answers.map(memberOf);
  const existing = newestLayout(answers);
  if (existing === undefined) {
    const storeIds = answers.map((answer) => answer.storeId);
    const clusterId = clusterIdOf({ storeIds, partitions, replicas, members });
    const layout = firstLayout({ clusterId, partitions, replicas, members });
    const targets = answers.map((answer) => answer.target);
    return { kind: 'create', layout, encoded: encodeLayout(layout), targets };
  }
  const { layout, encoded, holder } = existing;
  const difference = differenceOf(layout, { replicas, partitions, members });
  if (difference !== undefined) {
    const id = bytesToHex(layout.clusterId);
    throw mismatch(
      `${holder.target} already belongs to cluster ${id}, which ${difference}; nothing was changed`,
    );
  }
  const targets = answers.filter(isFresh).map((answer) => answer.target);
  return { kind: targets.length === 0 ? 'unchanged' : 'complete', layout, encoded, targets };
}

interface ClusterIdInput {
  readonly storeIds: readonly Uint8Array[];
  readonly partitions: number;
  readonly replicas: number;
  readonly members: readonly Member[];
}

/** Made from the folders as well as from the arguments: fresh folders make another cluster. 16
 *  bytes. */
function clusterIdOf({ storeIds, partitions, replicas, members }: ClusterIdInput): Uint8Array {
  return idOf([
    'coterie cluster 1',
    storeIds.map(bytesToHex).sort(),
    partitions,
    replicas,
    members.map(memberText).sort(),
  ]);
}

function idOf(parts: readonly unknown[]): Uint8Array {
  return sha256(new TextEncoder().encode(JSON.stringify(parts))).slice(0, CLUSTER_ID_BYTES);
}

function checkDistinct(answers: readonly NodeAnswer[]): void {
  const byStore = new Map<string, NodeAnswer>();
  for (const answer of answers) {
    const id = bytesToHex(answer.storeId);
    const other = byStore.get(id);
    if (other !== undefined) {
      throw usage(`${other.target} and ${answer.target} are the same node, ${answer.name}`);
    }
    byStore.set(id, answer);
  }
}

interface ExistingLayout {
  readonly layout: Layout;
  readonly encoded: Uint8Array;
  readonly holder: NodeAnswer;
}

function newestLayout(answers: readonly NodeAnswer[]): ExistingLayout | undefined {
  let newest: ExistingLayout | undefined;
  for (const holder of answers) {
    if (isFresh(holder)) continue;
    const layout = decodeLayout(holder.layout);
    if (newest !== undefined) {
      const [known, other] = [bytesToHex(newest.layout.clusterId), bytesToHex(layout.clusterId)];
      if (known !== other) {
        throw mismatch(
          `${newest.holder.target} belongs to cluster ${known} and ${holder.target} to cluster ` +
            `${other}; nothing was changed`,
        );
      }
      if (layout.version <= newest.layout.version) continue;
    }
    newest = { layout, encoded: holder.layout, holder };
  }
  return newest;
}

interface Wanted {
  readonly replicas: number;
  readonly partitions: number;
  readonly members: readonly Member[];
}

/** What the layout has that was not asked for, as the rest of "the cluster, which ..."; undefined
 *  when it fits. */
function differenceOf(layout: Layout, wanted: Wanted): string | undefined {
  if (layout.replicas !== wanted.replicas) {
    return `has ${layout.replicas} replicas and not ${wanted.replicas}`;
  }
  if (layout.partitions !== wanted.partitions) {
    return `has ${layout.partitions} partitions and not ${wanted.partitions}`;
  }
  const known = new Map(layout.roles.map((role) => [role.name, roleText(role)]));
  const asked = new Map(wanted.members.map((member) => [member.name, roleText(member)]));
  const stranger = wanted.members.find(({ name }) => !known.has(name));
  if (stranger !== undefined) return strangerText(layout, stranger);
  const forgotten = [...known.keys()].find((name) => !asked.has(name));
  if (forgotten !== undefined) return `has a member ${forgotten} that was not named`;
  const changed = [...known].find(([name, text]) => asked.get(name) !== text);
  if (changed === undefined) return undefined;
  const [name, text] = changed;
  return `knows ${name} as ${text} and not as ${asked.get(name)}`;
}

/** One that was started without its name has its address for a name. */
function strangerText({ roles }: Layout, { name, address }: Member): string {
  const tenant = roles.find((role) => role.address === address);
  if (tenant === undefined) return `has no member ${name}`;
  const known = tenant.name;
  return `has no member ${name} but ${known} at its address: start it with --id ${known}`;
}

function isFresh(answer: NodeAnswer): boolean {
  return answer.layout.length === 0;
}

function memberOf({ name, address, zone, datacentre, weight }: Member): Member {
  return { name, address, zone, datacentre, weight };
}

function memberText({ name, address, zone, datacentre, weight }: Member): string {
  return JSON.stringify([name, address, zone, datacentre, weight]);
}

/** Without the address: a member that has moved is still the same. */
function roleText({ name, zone, datacentre, weight }: Member): string {
  return JSON.stringify([name, zone, datacentre, weight]);
}

function usage(message: string): CoterieError {
  return new CoterieError('INVALID_ARGUMENT', message);
}

function mismatch(message: string): CoterieError {
  return new CoterieError('CLUSTER_MISMATCH', message);
}
