/** When had a node made good what it lost of a key? Until then it has nothing to say of it.
 *  Not here: who must keep silent (refusal-to-serve.ts), which replicas are compared
 *  (replicas-equal.ts).
 *  Source: docs/guarantees.md, G1. */
import type { DiskLoss, History } from '../history.ts';

/** Undefined: never. */
export function rebuiltUs(
  { rebuilt = [] }: Pick<History, 'rebuilt'>,
  loss: DiskLoss,
  key: string,
): number | undefined {
  const { node, atUs } = loss;
  return rebuilt.find((of) => of.node === node && of.atUs > atUs && of.has(key))?.atUs;
}
