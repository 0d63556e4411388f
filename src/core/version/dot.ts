/** A dot names one write event: the actor that minted it and the tick of the actor's clock. An
 *  actor is a node in one epoch; a fresh epoch is begun whenever the node cannot prove that its
 *  copy of the key holds everything the old epoch issued (see mint.ts).
 *  Source: Preguiça, Baquero et al., "Dotted Version Vectors", 2010; ARCHITECTURE 5.4. */

export interface Actor {
  /** 0..65,535, given by the layout, never used again. */
  readonly nodeIndex: number;
  /** Clock tick at which the epoch began. */
  readonly epoch: number;
}

export interface Dot extends Actor {
  /** Tick of the minting node's hybrid logical clock: a safe integer, increasing per node, never
   *  reused. */
  readonly seq: number;
}

/** Negative, zero or positive, by node index, then epoch. */
export function compareActors(a: Actor, b: Actor): number {
  return a.nodeIndex - b.nodeIndex || a.epoch - b.epoch;
}

/** By actor, then seq. */
export function compareDots(a: Dot, b: Dot): number {
  return a.nodeIndex - b.nodeIndex || a.epoch - b.epoch || a.seq - b.seq;
}

/** `nodeIndex.epoch.seq`, decimal: what replies, logs and traces show. */
export function formatDot(dot: Dot): string {
  return `${dot.nodeIndex}.${dot.epoch}.${dot.seq}`;
}

export function isSameActor(a: Actor, b: Actor): boolean {
  return a.nodeIndex === b.nodeIndex && a.epoch === b.epoch;
}

export function isSameDot(a: Dot, b: Dot): boolean {
  return a.nodeIndex === b.nodeIndex && a.epoch === b.epoch && a.seq === b.seq;
}

/** The same dots in the same order. */
export function dotsEqual(a: readonly Dot[], b: readonly Dot[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) {
    const dot = a[index];
    const other = b[index];
    if (dot === undefined || other === undefined || !isSameDot(dot, other)) return false;
  }
  return true;
}
