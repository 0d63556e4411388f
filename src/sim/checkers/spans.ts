/** Spans of virtual time: what is left of one when others are taken away?
 *  Invariant: both ends of a span belong to it, so that spans that meet leave no hole.
 *  Not here: what happened in them. */

/** In virtual microseconds, perhaps infinite. */
export interface Span {
  readonly fromUs: number;
  readonly toUs: number;
}

/** The first moment of the span that none of the others covers; undefined when they cover it. */
export function firstUncovered(span: Span, others: readonly Span[]): number | undefined {
  const inOrder = [...others].sort((a, b) => a.fromUs - b.fromUs);
  let atUs = span.fromUs;
  for (const { fromUs, toUs } of inOrder) {
    if (fromUs > atUs) break;
    if (toUs >= atUs) atUs = toUs + 1;
  }
  return atUs <= span.toUs ? atUs : undefined;
}
