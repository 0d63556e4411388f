/** What `coterie ring` shows, made from a layout alone: who owns how much, and where a key lives.
 *  Pure. */
import { bytesToHex } from '../core/bytes.ts';
import type { Ring } from '../core/ring/ring.ts';
import { counted } from './counted.ts';
import { type Look, renderTable } from './table.ts';

export interface NodeShare {
  readonly name: string;
  readonly address: string;
  readonly zone: string;
  readonly datacentre: string;
  readonly weight: number;
  /** Replicas, one per partition. */
  readonly replicas: number;
  /** Replicas by weight, before the rule that a partition's replicas are on distinct nodes and
   *  zones. */
  readonly ideal: number;
  /** replicas / ideal; 1 is perfect; 0 for a node that is to carry nothing. */
  readonly shareOfIdeal: number;
}

export interface PreferredNode {
  readonly name: string;
  readonly address: string;
  readonly zone: string;
  readonly datacentre: string;
}

export interface RingView {
  readonly clusterId: string;
  readonly layoutVersion: number;
  readonly layoutHash: string;
  readonly partitions: number;
  readonly replicas: number;
  readonly nodes: readonly NodeShare[];
}

export interface KeyView {
  readonly bucket: string;
  readonly key: string;
  /** 0..2^32-1. */
  readonly token: number;
  readonly partition: number;
  readonly preferenceList: readonly PreferredNode[];
}

export function viewRing(ring: Ring): RingView {
  const { layout } = ring;
  const { partitions, replicas, roles } = layout;
  const owned = ring.ownership();
  const weights = roles.reduce((sum, role) => sum + role.weight, 0);
  return {
    clusterId: bytesToHex(layout.clusterId),
    layoutVersion: layout.version,
    layoutHash: bytesToHex(ring.hash),
    partitions,
    replicas,
    nodes: roles.map(({ nodeIndex, name, address, zone, datacentre, weight }) => {
      const held = owned.get(nodeIndex) ?? 0;
      const ideal = (partitions * replicas * weight) / weights;
      const shareOfIdeal = ideal === 0 ? 0 : held / ideal;
      return {
        name,
        address,
        zone,
        datacentre,
        weight,
        replicas: held,
        ideal: rounded(ideal),
        shareOfIdeal: rounded(shareOfIdeal),
      };
    }),
  };
}

/** Names of the owners of each partition, by partition. */
export function viewOwners(ring: Ring): readonly (readonly string[])[] {
  return Array.from({ length: ring.layout.partitions }, (_, partition) =>
    ring.replicasOf(partition).map((nodeIndex) => ring.role(nodeIndex)?.name ?? `#${nodeIndex}`),
  );
}

export function viewKey(ring: Ring, bucket: string, key: string): KeyView {
  const place = ring.partitionOfKey(bucket, new TextEncoder().encode(key));
  const preferenceList = ring.replicasOf(place.partition).flatMap((nodeIndex) => {
    const role = ring.role(nodeIndex);
    if (role === undefined) return [];
    const { name, address, zone, datacentre } = role;
    return [{ name, address, zone, datacentre }];
  });
  return { bucket, key, ...place, preferenceList };
}

export function ringText(view: RingView, look: Look): string {
  const { clusterId, layoutVersion, partitions, replicas, nodes } = view;
  const title =
    `cluster ${clusterId}, layout ${layoutVersion}: ` +
    `${counted(partitions, 'partition')}, ${counted(replicas, 'replica')}\n`;
  const head = [
    'node',
    'address',
    'zone',
    'datacentre',
    'weight',
    'partitions',
    'ideal',
    'of ideal',
  ];
  const rows = nodes.map((node) => [
    node.name,
    node.address,
    node.zone,
    node.datacentre,
    String(node.weight),
    String(node.replicas),
    node.ideal.toFixed(1),
    `${(node.shareOfIdeal * 100).toFixed(1)} %`,
  ]);
  return title + renderTable({ head, rows }, look);
}

export function keyText(view: KeyView, look: Look): string {
  const token = `0x${view.token.toString(16).padStart(8, '0')}`;
  const title = `${view.bucket}/${view.key}: token ${token}, partition ${view.partition}\n`;
  const head = ['replica', 'node', 'address', 'zone', 'datacentre'];
  const rows = view.preferenceList.map((node, index) => [
    String(index + 1),
    node.name,
    node.address,
    node.zone,
    node.datacentre,
  ]);
  return title + renderTable({ head, rows }, look);
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
