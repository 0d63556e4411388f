// What each consistency level still does when nodes are gone, and what its errors say.
//
//   node examples/levels.mjs
import { CoterieError, startCluster } from 'coterie';

const cluster = await startCluster({ nodes: 3, config: { log: { level: 'silent' } } });
const client = await cluster.client();

/** One line: the level, and what became of a write and a read at it. */
async function tryLevel(consistency) {
  const outcomes = [];
  for (const request of [
    () => client.put('key', 'value', { consistency, overwrite: true }),
    () => client.get('key', { consistency }),
  ]) {
    try {
      const { level, acks, replies } = await request();
      outcomes.push(`ok (${level}, ${(acks ?? replies).received} answered)`);
    } catch (error) {
      if (!(error instanceof CoterieError)) throw error;
      // `applied` of a write: 'no' means that no replica will ever show it.
      outcomes.push(`${error.code} (applied ${error.applied})`);
    }
  }
  console.log(`  ${consistency.padEnd(7)} put ${outcomes[0]}, get ${outcomes[1]}`);
}

/** Until the others know: their links to it are refused. */
async function untilSeenAsGone(node, witnesses) {
  for (;;) {
    const states = await Promise.all(witnesses.map(({ admin }) => admin.status({})));
    const links = states.flatMap(({ members }) => members.filter(({ name }) => name === node.name));
    if (links.every(({ link }) => link === 'refused')) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

try {
  const [first, second, third] = cluster.nodes;
  for (const [title, gone] of [
    ['three nodes', undefined],
    ['two nodes', third],
    ['one node', second],
  ]) {
    await gone?.stop();
    if (gone === third) await untilSeenAsGone(third, [first, second]);
    if (gone === second) await untilSeenAsGone(second, [first]);
    console.log(title);
    for (const level of ['one', 'quorum', 'all']) await tryLevel(level);
  }
} finally {
  await client.close();
  await cluster.stop();
}
