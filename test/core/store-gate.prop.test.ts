import fc from 'fast-check';
import { expect, it } from 'vitest';
import { StoreGate } from '../../src/core/store-gate.ts';

const action = fc.constantFrom('begin', 'end', 'beginIterator', 'endIterator');

it('calls back exactly once, at the moment when nothing is under way any more', () => {
  fc.assert(
    fc.property(fc.array(action), fc.nat(20), (actions, closeAt) => {
      const gate = new StoreGate();
      gate.startOpening();
      gate.finishOpening(true);
      const counts = { operations: 0, iterators: 0 };
      let idleCount = 0;
      const startClosing = (): void => {
        gate.startClosing();
        gate.whenIdle(() => {
          expect(counts).toEqual({ operations: 0, iterators: 0 });
          idleCount += 1;
        });
      };
      const end = (kind: 'operations' | 'iterators'): void => {
        if (counts[kind] === 0) return;
        counts[kind] -= 1;
        if (kind === 'operations') gate.end();
        else gate.endIterator();
      };
      for (const [at, step] of actions.entries()) {
        if (at === closeAt) startClosing();
        const isOpen = gate.state === 'open';
        if (step === 'end') end('operations');
        else if (step === 'endIterator') end('iterators');
        else if (!isOpen) expect(() => gate.begin('getMany')).toThrow();
        else if (step === 'begin') {
          gate.begin('getMany');
          counts.operations += 1;
        } else {
          gate.beginIterator();
          counts.iterators += 1;
        }
      }
      if (gate.state === 'open') startClosing();
      while (counts.operations > 0) end('operations');
      while (counts.iterators > 0) end('iterators');
      expect(idleCount).toBe(1);
      gate.finishClosing();
      expect(gate.state).toBe('closed');
    }),
  );
});
