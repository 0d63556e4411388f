/** Why does a node belong to no cluster, and what is to be done about it? Told from what gossip
 *  shows: whether to make a new cluster, to wait, or to start it in another way. Who lost a folder
 *  and is told to make a cluster of its own would be lost to the cluster that waits for it.
 *  Invariant: a new cluster is advised only while nobody has been heard who belongs to one, and no
 *  seed is waited for.
 *  Not here: when it is asked and where it is shown (node/gossip/outsider-log.ts, node.ts). */
import type { MemberRecord } from './member-record.ts';

type Known = Pick<MemberRecord, 'id' | 'name' | 'address' | 'clusterId'>;

export interface OutsiderFacts {
  readonly own: Known;
  /** Of everybody, this node included, in any order; without those that have left. */
  readonly records: Iterable<Known>;
  /** `host:port`. */
  readonly seeds: Iterable<string>;
}

export interface OutsiderAdvice {
  /** `new`: nothing speaks against a new cluster. `seeds`: it is not known yet. `wait`: members of
   *  a cluster may take it in. `renamed`: a member lived at its address under another name. */
  readonly kind: 'new' | 'seeds' | 'wait' | 'renamed';
  /** No final dot. */
  readonly text: string;
}

const NAMES_MAX = 3;

export function adviseOutsider({ own, records, seeds }: OutsiderFacts): OutsiderAdvice {
  const others = [...records].filter(({ id }) => id !== own.id);
  const members = others.filter(({ clusterId }) => clusterId !== '').sort(byName);
  const namesake = members.find(({ name }) => name === own.name);
  if (namesake !== undefined) {
    const cluster = `cluster ${namesake.clusterId}`;
    const text =
      `this node was member ${own.name} of ${cluster}: waiting for its members to pass the ` +
      'layout on';
    return { kind: 'wait', text };
  }
  const tenant = members.find(({ address }) => address === own.address);
  if (tenant !== undefined) {
    const { name, clusterId } = tenant;
    const text =
      `member ${name} of cluster ${clusterId} had the address ${own.address}: if this is that ` +
      `node with its folder lost, start it with --id ${name} (node.id)`;
    return { kind: 'renamed', text };
  }
  const [first] = members;
  if (first !== undefined) {
    const { clusterId } = first;
    const names = members.filter((member) => member.clusterId === clusterId).map(nameOf);
    const text =
      `found ${listed(names)} of cluster ${clusterId}: waiting for its members to pass the ` +
      `layout on, which they do if it names ${own.name}`;
    return { kind: 'wait', text };
  }
  const awaited = [...seeds].filter((seed) => seed !== own.address);
  if (others.length === 0 && awaited.length > 0) {
    const text =
      `none of the seeds ${listed(awaited)} has answered yet: whether there is a cluster is not ` +
      'known before';
    return { kind: 'seeds', text };
  }
  const text = 'this node knows of no cluster: `coterie cluster init` makes a new one';
  return { kind: 'new', text };
}

function byName(a: Known, b: Known): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

function nameOf({ name }: Known): string {
  return name;
}

function listed(names: readonly string[]): string {
  const more = names.length - NAMES_MAX;
  const shown = names.slice(0, NAMES_MAX).join(', ');
  return more > 0 ? `${shown} and ${more} more` : shown;
}
