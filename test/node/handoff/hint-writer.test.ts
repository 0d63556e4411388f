/** Who is told what of changes that were refused, or could not be written. */
import { expect, test } from 'vitest';
import { CoterieError } from '../../../src/core/errors.ts';
import type { HintChange } from '../../../src/node/handoff/hint-writer.ts';
import { hintRowKey } from '../../../src/node/storage/table-keys.ts';
import { keyOf, TARGET, TableRig } from './table-rig.ts';

class Refused implements HintChange {
  readonly rowKeys = [hintRowKey(TARGET, keyOf('k').storageKey)];
  readonly bytes = 1;
  readonly told: string[] = [];

  decide(): void {
    throw new CoterieError('OVERLOADED', 'There is no room');
  }

  settled(): void {
    this.told.push('settled');
  }

  failed({ code }: CoterieError): void {
    this.told.push(code);
  }
}

test('a change that was refused hears nothing more when the batch it came with fails', async () => {
  await using rig = await new TableRig().start();
  await rig.run(rig.table.start());
  await rig.miss(keyOf('k'));
  await rig.damage(keyOf('k'));
  const change = new Refused();
  rig.engine.failNextBatch();
  rig.table.change(change);
  await rig.clock.settle();
  expect(change.told).toEqual(['OVERLOADED']);
});
