/** What a client believes of the nodes, by what they say of each other. */
import { expect, test } from 'vitest';
import { NOTES_MAX, NodeNotes } from '../../src/client/node-notes.ts';

function note(name: string, state: string, address = `${name}:1`) {
  return { name, state, address };
}

test.each([
  ['AVOID', true],
  ['SUSPECT', true],
  ['DOWN', true],
  ['LEFT', true],
  ['ALIVE', false],
  ['SLOW', false],
  ['UNKNOWN', false],
  ['of a later version', false],
])('one node that says %s makes another one bad: %s', (state, isBad) => {
  const notes = new NodeNotes<number>();
  notes.add(1, 'n1', [note('n2', state)]);
  expect(notes.isBad('n2')).toBe(isBad);
  expect(notes.isBad('n3')).toBe(false);
});

test.each(['ALIVE', 'SLOW'])(
  'one node that hears another (%s) outweighs those that do not',
  (good) => {
    const notes = new NodeNotes<number>();
    notes.add(1, 'n1', [note('n4', 'DOWN')]);
    notes.add(2, 'n2', [note('n4', 'AVOID')]);
    expect(notes.add(3, 'n3', [note('n4', good)])).toBe(true);
    expect(notes.isBad('n4')).toBe(false);
    expect(notes.drop(3)).toBe(true);
    expect(notes.isBad('n4')).toBe(true);
    notes.add(2, 'n2', [note('n4', 'UNKNOWN')]);
    notes.drop(1);
    expect(notes.isBad('n4')).toBe(false);
  },
);

test('what a node says of itself neither damns nor saves it', () => {
  const notes = new NodeNotes<number>();
  notes.add(1, 'n1', [note('n1', 'ALIVE'), note('n2', 'ALIVE')]);
  notes.add(2, 'n2', [note('n1', 'DOWN'), note('n2', 'DOWN')]);
  expect(notes.isBad('n1')).toBe(true);
  expect(notes.isBad('n2')).toBe(false);
});

test('the address that a node gives, or who hears it, stands before that of others and outlives the session', () => {
  const notes = new NodeNotes<number>();
  notes.add(1, 'n1', [note('n3', 'ALIVE', 'new:1')]);
  expect(notes.add(2, 'n2', [note('n3', 'DOWN', 'old:1')])).toBe(false);
  expect(notes.addressOf('n3')).toBe('new:1');
  notes.add(3, 'n3', [note('n3', 'ALIVE', 'own:1')]);
  expect(notes.addressOf('n3')).toBe('own:1');
  for (const source of [3, 1, 2]) notes.drop(source);
  expect(notes.addressOf('n3')).toBe('new:1');
  notes.add(4, 'n2', [note('n4', 'DOWN', 'hearsay:1')]);
  expect(notes.addressOf('n4')).toBe('hearsay:1');
  expect(notes.addressOf('n9')).toBeUndefined();
});

test('what is known already changes nothing, and what nobody said cannot be dropped', () => {
  const notes = new NodeNotes<number>();
  expect(notes.add(1, 'n1', [note('n2', 'DOWN')])).toBe(true);
  expect(notes.add(1, 'n1', [note('n2', 'SUSPECT')])).toBe(false);
  expect(notes.drop(2)).toBe(false);
});

test('notes beyond the bound are not kept', () => {
  const notes = new NodeNotes<number>();
  const many = Array.from({ length: NOTES_MAX + 10 }, (_, index) => note(`m${index}`, 'DOWN'));
  notes.add(1, 'n1', many);
  expect(notes.isBad(`m${NOTES_MAX - 1}`)).toBe(true);
  expect(notes.isBad(`m${NOTES_MAX}`)).toBe(false);
  expect(notes.addressOf(`m${NOTES_MAX}`)).toBeUndefined();
});
