// Run by rocksdb-folder.test.ts: opens a folder and reads all of it. With `killed` it is gone, as
// by kill -9, while the engine reads.
const [modulePath, location, end] = process.argv.slice(2);
const { RocksdbFolder } = await import(modulePath);
const log = { warn() {}, error() {} };
const folder = new RocksdbFolder({ log, clock: { wallMs: () => 1 } }, { location });
await folder.open();
const rows = folder.iterate({ from: new Uint8Array(1), to: Uint8Array.of(0xff) });
for (let count = 0; ; ) {
  // The first native read is of one row, so the second one is under way here.
  const reading = rows.next(count === 0 ? 1 : 100);
  if (end === 'killed' && count > 0) process.kill(process.pid, 'SIGKILL');
  const entries = await reading;
  if (entries.length === 0) break;
  count += entries.length;
}
await folder.close();
