/** The process: real streams, real signals, real nodes. Everything heavy is loaded when a command
 *  first needs it. */
import { readFileSync } from 'node:fs';
import { basename, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { killUnlessEnded } from '../platform/system/last-resort.ts';
import { systemClock } from '../platform/system/system-clock.ts';
import { keepNewObjectsYoung } from '../platform/system/young-objects.ts';
import type { CliPorts } from './ports.ts';
import { runCli } from './program.ts';
import { processTerminal } from './terminal.ts';

/** What is left to be done then is to say what went wrong. */
const STUCK_AFTER_MS = 2_000;

const ports: CliPorts = {
  connect: async (options) => {
    const { connect } = await import('../connect.ts');
    return connect(options);
  },
  connectAdmin: async (address, options) => {
    const { createAdminClient } = await import('../platform/grpc/unary-client.ts');
    return createAdminClient(address, options);
  },
  startNode: async (config) => {
    const { startNode } = await import('../embed.ts');
    keepNewObjectsYoung();
    return startNode(config);
  },
  startCluster: async (options) => {
    const { startCluster } = await import('../start-cluster.ts');
    keepNewObjectsYoung();
    return startCluster(options);
  },
  simulator: async () => {
    const { simulator } = await import('./simulator.ts');
    return simulator;
  },
  bench: async () => {
    const { benchPorts } = await import('./bench-ports.ts');
    keepNewObjectsYoung();
    return benchPorts;
  },
  stopSignal: () =>
    new Promise((resolve) => {
      const onSignal = (signal: NodeJS.Signals): void => {
        // Without a listener the second signal ends the process, even if stopping hangs.
        process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
        resolve(signal);
      };
      process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
    }),
  endThoughStuck: () => killUnlessEnded(STUCK_AFTER_MS),
  stdinEnd: () =>
    new Promise((resolve) => {
      const end = (): void => resolve();
      process.stdin.once('end', end).once('close', end).once('error', end).resume();
      // A node that was stopped by a signal must not wait for it; a file has no `unref`.
      process.stdin.unref?.();
    }),
};

function softwareVersion(): string {
  const path = new URL('../../package.json', import.meta.url);
  const manifest: { readonly version: string } = JSON.parse(readFileSync(path, 'utf8'));
  return manifest.version;
}

/** From a clone the program is not on the path. */
function commandName(): string {
  const script = process.argv[1] ?? '';
  const isInstalled = basename(script) !== 'coterie' || script.includes('node_modules');
  const clone = fileURLToPath(new URL('../../bin/coterie', import.meta.url));
  return isInstalled || resolve(script) !== clone ? 'coterie' : `node ${relative('.', clone)}`;
}

/** Runs the command line of this process and sets its exit code. */
export async function main(): Promise<void> {
  const environment = process.env;
  process.exitCode = await runCli(process.argv.slice(2), {
    terminal: processTerminal(environment),
    clock: systemClock,
    environment,
    ports,
    command: commandName(),
    version: softwareVersion(),
  });
}
