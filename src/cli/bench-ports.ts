/** What benchmarks are made of, loaded when one is asked for. */
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { systemClock } from '../platform/system/system-clock.ts';
import { startClients } from './bench-clients.ts';
import { embedCluster, givenCluster, spawnCluster } from './bench-cluster.ts';
import type { BenchPorts } from './ports.ts';

export const benchPorts: BenchPorts = {
  spawnCluster: (options) => spawnCluster(systemClock, options),
  embedCluster,
  givenCluster,
  startClients: (count) => startClients(systemClock, count),
  nodeVersion: process.version,
  machine: () => ({
    platform: `${process.platform} ${process.arch}`,
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? 'unknown',
    memoryBytes: totalmem(),
    loadAverage: loadavg()[0] ?? 0,
  }),
};
