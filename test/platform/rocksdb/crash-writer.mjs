// Run by rocksdb-crash.test.ts: writes synced batches for ever and prints the number of each once
// it is durable.
import { writeSync } from 'node:fs';

const [modulePath, location, rowCount] = process.argv.slice(2);
const { RocksdbStore } = await import(modulePath);
const store = new RocksdbStore({ location });
await store.open();
for (let batch = 0; ; batch += 1) {
  const operations = [];
  for (let row = 0; row < Number(rowCount); row += 1) {
    const key = new TextEncoder().encode(`${String(batch).padStart(6, '0')}/${row}`);
    operations.push({ type: 'put', key, value: new Uint8Array(300).fill(batch) });
  }
  await store.batch(operations, { sync: true });
  writeSync(1, `${batch}\n`);
}
