/** When a link whose member was out of reach is dialled again. */
import { expect, test } from 'vitest';
import { Rig } from './outbound-rig.ts';

test('a member that shows itself is dialled at once, and only while a pause is being waited out', async () => {
  const rig = new Rig();
  rig.link.start();
  await rig.clock.advance(3_000);
  expect(rig.link.phase).toBe('refused');
  rig.listen();
  rig.link.hurry();
  await rig.clock.settle();
  expect(rig.link.phase).toBe('connected');
  const { dialCount } = rig;
  rig.link.hurry();
  await rig.clock.settle();
  expect(rig.dialCount).toBe(dialCount);
  rig.link.stop();
  rig.link.hurry();
  await rig.clock.settle();
  expect(rig.dialCount).toBe(dialCount);
});
