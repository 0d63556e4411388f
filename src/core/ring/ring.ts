/** Where does this key live, under one layout: the questions that every request asks, answered from
 *  tables made once.
 *  Invariants: a ring never changes, a new layout makes a new ring; answers about partitions are
 *  the same object at every call, so a request allocates no list.
 *  Not here: which replicas are alive and which to ask first (node/coordinator); how the layout
 *  came about (layout.ts).
 *  Source: DeCandia et al. 2007 §4.2 and §4.3 (preference list). */
import { assert, CoterieError } from '../errors.ts';
import type { ReplicaPlace } from '../quorum/level.ts';
import { LAYOUT_HASH_BYTES, type Layout, type Role } from './layout.ts';
import { type ClusterSecrets, deriveSecrets, partitionOf, tokenOf } from './token.ts';

export interface KeyPlace {
  /** 0..2^32-1. */
  readonly token: number;
  readonly partition: number;
}

/** Layout versions as one partition sees them: only versions that changed its replicas count. */
export interface PartitionEpochs {
  /** The newest that changed them. */
  readonly current: number;
  /** The oldest whose replicas must still be written. */
  readonly minimum: number;
  /** The one whose replicas are read. */
  readonly read: number;
}

export class Ring {
  readonly layout: Layout;
  /** sha256 of the layout's canonical bytes. */
  readonly hash: Uint8Array;
  readonly secrets: ClusterSecrets;
  readonly #replicas: readonly (readonly number[])[];
  readonly #places: readonly (readonly ReplicaPlace[])[];
  readonly #byIndex: ReadonlyMap<number, Role>;
  readonly #byName: ReadonlyMap<string, Role>;
  readonly #epochs: PartitionEpochs;

  /** The layout must be sound, as `decodeLayout` and `firstLayout` give it, and `hash` its own
   *  (`layoutHash`). */
  constructor(layout: Layout, hash: Uint8Array) {
    assert(hash.length === LAYOUT_HASH_BYTES, `A layout hash has 32 bytes, not ${hash.length}`);
    this.layout = layout;
    this.hash = hash;
    this.secrets = deriveSecrets(layout.clusterId);
    this.#byIndex = new Map(layout.roles.map((role) => [role.nodeIndex, role]));
    this.#byName = new Map(layout.roles.map((role) => [role.name, role]));
    const places = new Map(
      layout.roles.map(({ nodeIndex, datacentre }) => [nodeIndex, { nodeIndex, datacentre }]),
    );
    this.#replicas = Array.from({ length: layout.partitions }, (_, partition) => [
      ...layout.table.subarray(partition * layout.replicas, (partition + 1) * layout.replicas),
    ]);
    this.#places = this.#replicas.map((list) =>
      list.map((nodeIndex) => places.get(nodeIndex)).filter((place) => place !== undefined),
    );
    const { version } = layout;
    this.#epochs = { current: version, minimum: version, read: version };
  }

  partitionOfKey(bucket: string, key: Uint8Array): KeyPlace {
    const token = tokenOf(bucket, key, this.secrets.tokenSeed);
    return { token, partition: partitionOf(token, this.layout.partitions) };
  }

  /** Node indexes, N of them; their order means nothing. Errors: INVALID_ARGUMENT for no such
   *  partition. */
  replicasOf(partition: number): readonly number[] {
    return this.#replicas[partition] ?? this.#noPartition(partition);
  }

  /** The same nodes in the same order as `replicasOf`, with their datacentres. */
  places(partition: number): readonly ReplicaPlace[] {
    return this.#places[partition] ?? this.#noPartition(partition);
  }

  role(nodeIndex: number): Role | undefined {
    return this.#byIndex.get(nodeIndex);
  }

  /** For people: of an index that the layout does not have, the index. */
  nameOf(nodeIndex: number): string {
    return this.role(nodeIndex)?.name ?? `node ${nodeIndex}`;
  }

  roleByName(name: string): Role | undefined {
    return this.#byName.get(name);
  }

  /** Partitions each node carries, by node index; 0 for a node that carries none. Cost:
   *  O(partitions). */
  ownership(): Map<number, number> {
    const counts = new Map(this.layout.roles.map((role) => [role.nodeIndex, 0]));
    for (const nodeIndex of this.layout.table) {
      counts.set(nodeIndex, (counts.get(nodeIndex) ?? 0) + 1);
    }
    return counts;
  }

  /** With one live layout all three are its version. Errors: INVALID_ARGUMENT for no such
   *  partition. */
  epochsOf(partition: number): PartitionEpochs {
    return this.#replicas[partition] === undefined ? this.#noPartition(partition) : this.#epochs;
  }

  #noPartition(partition: number): never {
    throw new CoterieError(
      'INVALID_ARGUMENT',
      `There is no partition ${partition}; this cluster has ${this.layout.partitions}`,
    );
  }
}
