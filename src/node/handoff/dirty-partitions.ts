/** Which partitions may lack writes at a member that no hint stands for, because hints are bounded?
 *  They are compared with that member before all others, and until then no further hints are taken
 *  for them: the comparison finds what the hints would have said.
 *  Invariants: the note survives a restart; it goes only when a comparison that began after the
 *  last miss has found both sides equal.
 *  Not here: comparing (node/repair).
 *  Source: docs/guarantees.md G5. */
import { CoterieError } from '../../core/errors.ts';
import type { Clock } from '../../env/clock.ts';
import type { Log } from '../../env/log.ts';
import { readU32, writeU32 } from '../storage/table-keys.ts';

/** Small durable rows. */
export interface DirtyRows {
  readMeta(name: string): Promise<Uint8Array | undefined>;
  writeMeta(
    entries: readonly { readonly name: string; readonly value: Uint8Array | undefined }[],
  ): Promise<void>;
}

export interface DirtyPartition {
  readonly target: number;
  readonly partition: number;
}

const FORMAT = 1;

export class DirtyPartitions {
  readonly #rows: DirtyRows;
  readonly #env: { readonly clock: Clock; readonly log: Log };
  /** By target: partitions, each with the monotonic time of the last miss. */
  readonly #targets = new Map<number, Map<number, number>>();
  readonly #unsaved = new Set<number>();
  #saving: Promise<void> | undefined;
  #onDirty: (dirty: DirtyPartition) => void = () => {};

  constructor(env: { readonly clock: Clock; readonly log: Log }, rows: DirtyRows) {
    this.#env = env;
    this.#rows = rows;
  }

  /** Told of each once when it becomes dirty, and now of those that are. */
  onDirty(listener: (dirty: DirtyPartition) => void): void {
    this.#onDirty = listener;
    for (const dirty of this.list()) listener(dirty);
  }

  /** `targets`: members whose notes may be there. */
  async restore(targets: readonly number[]): Promise<void> {
    const nowMs = this.#env.clock.monotonicMs();
    for (const target of targets) {
      const row = await this.#rows.readMeta(rowName(target));
      for (const partition of row === undefined ? [] : decode(row)) {
        this.#partitionsOf(target).set(partition, nowMs);
        this.#onDirty({ target, partition });
      }
    }
  }

  has(target: number, partition: number): boolean {
    return this.#targets.get(target)?.has(partition) === true;
  }

  list(): DirtyPartition[] {
    return [...this.#targets].flatMap(([target, partitions]) =>
      [...partitions.keys()].map((partition) => ({ target, partition })),
    );
  }

  /** Cost: a row when it is news. */
  note(target: number, partition: number): void {
    const partitions = this.#partitionsOf(target);
    const isNews = !partitions.has(partition);
    partitions.set(partition, this.#env.clock.monotonicMs());
    if (!isNews) return;
    this.#onDirty({ target, partition });
    this.#save(target);
  }

  /** A comparison that began at `beganMs` (monotonic) has found both sides equal. */
  equal(target: number, partition: number, beganMs: number): void {
    const partitions = this.#targets.get(target);
    const notedMs = partitions?.get(partition);
    if (partitions === undefined || notedMs === undefined || notedMs >= beganMs) return;
    partitions.delete(partition);
    if (partitions.size === 0) this.#targets.delete(target);
    this.#save(target);
  }

  /** Settles when what was noted is durable, or cannot be. */
  async flush(): Promise<void> {
    while (this.#saving !== undefined) await this.#saving;
  }

  #partitionsOf(target: number): Map<number, number> {
    const known = this.#targets.get(target);
    if (known !== undefined) return known;
    const made = new Map<number, number>();
    this.#targets.set(target, made);
    return made;
  }

  #save(target: number): void {
    this.#unsaved.add(target);
    this.#saving ??= this.#saveAll();
  }

  async #saveAll(): Promise<void> {
    while (this.#unsaved.size > 0) {
      const targets = [...this.#unsaved];
      this.#unsaved.clear();
      const entries = targets.map((target) => {
        const partitions = [...(this.#targets.get(target)?.keys() ?? [])];
        const value = partitions.length === 0 ? undefined : encode(partitions);
        return { name: rowName(target), value };
      });
      try {
        await this.#rows.writeMeta(entries);
      } catch (error) {
        // The storage has stopped, and with it the node.
        this.#env.log.warn('dirty-partitions-unsaved', { reason: String(error) });
      }
    }
    // In the step that found nothing left: a note that comes after it begins anew.
    this.#saving = undefined;
  }
}

function rowName(target: number): string {
  return `dirty/${target}`;
}

/** format u8 = 1, then a u32 for each partition, ascending. */
function encode(partitions: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(1 + 4 * partitions.length);
  bytes[0] = FORMAT;
  const sorted = partitions.toSorted((a, b) => a - b);
  for (const [index, partition] of sorted.entries()) writeU32(bytes, 1 + 4 * index, partition);
  return bytes;
}

function decode(bytes: Uint8Array): number[] {
  if (bytes[0] !== FORMAT) {
    throw new CoterieError(
      'VERSION_UNSUPPORTED',
      `The stored row of dirty partitions has format ${bytes[0]}, this software reads ${FORMAT}`,
    );
  }
  const count = Math.floor((bytes.length - 1) / 4);
  return Array.from({ length: count }, (_, index) => readU32(bytes, 1 + 4 * index));
}
