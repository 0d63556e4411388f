/** A client process of a benchmark. It lives as long as the channel to the process that started it;
 *  a signal meant for all (Ctrl-C in a terminal) it leaves to that one. */

import { BenchWorker } from '../bench/worker.ts';
import type { FromWorker, ToWorker } from '../bench/worker-protocol.ts';
import { encodeError } from '../bench/worker-protocol.ts';
import { connect } from '../connect.ts';
import { systemClock } from '../platform/system/system-clock.ts';
import { keepNewObjectsYoung } from '../platform/system/young-objects.ts';
import { toCoterieError } from './error-report.ts';

function send(message: FromWorker): void {
  // The other side may have gone already; `disconnect` follows.
  if (process.connected) process.send?.(message);
}

keepNewObjectsYoung();
const worker = new BenchWorker({
  clock: systemClock,
  processorSeconds: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  },
  connect,
});

async function close(): Promise<void> {
  worker.stop();
  await worker.close();
  process.exit();
}

function receive(message: ToWorker): void {
  switch (message.kind) {
    case 'command': {
      const { id, command } = message;
      worker.perform(command).then(
        (value) => send({ kind: 'answer', id, value }),
        (error) => send({ kind: 'refusal', id, error: encodeError(toCoterieError(error)) }),
      );
      return;
    }
    case 'progress': {
      const progress = worker.progress();
      if (progress !== undefined) send({ kind: 'progress', progress });
      return;
    }
    case 'stop':
      worker.stop();
      return;
    case 'close':
      void close();
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.on('disconnect', () => void close());
process.on('message', receive);
send({ kind: 'started' });
