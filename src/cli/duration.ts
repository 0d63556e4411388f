/** Times as people read them. */

/** `250 ms`, `4.2 s`, then the two largest units. */
export function shortTime(timeMs: number): string {
  if (timeMs < 1_000) return `${Math.round(timeMs)} ms`;
  return timeMs < 60_000 ? `${(timeMs / 1_000).toFixed(1)} s` : duration(timeMs / 1_000);
}

/** Two largest units: `3 d 4 h`, `12 s`. */
export function duration(seconds: number): string {
  const units = [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
    ['s', 1],
  ] as const;
  let left = Math.floor(seconds);
  const parts: string[] = [];
  for (const [unit, size] of units) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.length === 0 ? '0 s' : parts.slice(0, 2).join(' ');
}
