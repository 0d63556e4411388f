// A whole cluster in this process, for tests and trials: three nodes that talk gRPC on free ports
// of 127.0.0.1. With a folder the data is on disk and still there the next time.
//
//   node examples/embedded.mjs              in memory
//   node examples/embedded.mjs FOLDER       RocksDB in FOLDER, on fixed ports from 7600
import { startCluster } from 'coterie';

const [dataDirectory] = process.argv.slice(2);
const cluster = await startCluster({
  nodes: 3,
  ...(dataDirectory === undefined ? {} : { dataDirectory, port: 7600 }),
  config: { log: { level: 'error' } },
});
const client = await cluster.client();
try {
  console.log(`nodes: ${cluster.addresses.length}`);

  // Read what is there, and replace just that: a first visit creates the key.
  const before = await client.get('visits');
  const visits = Number(before.text() ?? 0) + 1;
  const { acks, durable } = await client.put('visits', String(visits), { context: before.context });
  console.log(`visits: ${visits}`);
  console.log(`acknowledged by ${acks.received} of 3, ${durable} of them durable`);

  const layout = await client.layout();
  const { partition } = layout.partitionOfKey('default', new TextEncoder().encode('visits'));
  const names = layout.replicasOf(partition).map((index) => layout.role(index)?.name);
  console.log(`partition ${partition} lives on ${names.sort().join(', ')}`);
} finally {
  await client.close();
  await cluster.stop();
}
