import { describe, expect, it } from 'vitest';
import { NodeLog, textOfLine } from '../../../src/sim/cluster/node-log.ts';
import { Kernel } from '../../../src/sim/kernel/kernel.ts';

describe('the log of a simulated node', () => {
  it('keeps the last 500 lines in order, and tells each as it comes', () => {
    let told = 0;
    const log = new NodeLog(new Kernel(1), 'n1', () => {
      told += 1;
    });
    for (let index = 0; index < 1_234; index += 1) log.info('event', { index });
    expect(told).toBe(1_234);
    expect(log.lines.map(({ fields }) => fields['index'])).toEqual(
      Array.from({ length: 500 }, (_, index) => 734 + index),
    );
  });

  it('writes a line as its event and its fields', () => {
    const log = new NodeLog(new Kernel(1), 'n1', () => {});
    log.warn('link-broken', { member: 'n2', reason: undefined });
    expect(log.lines.map(textOfLine)).toEqual(['link-broken member=n2']);
  });
});
