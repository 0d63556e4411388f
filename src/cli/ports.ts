/** What the commands need from the rest of Coterie. main.ts gives the real things, loaded when a
 *  command first needs them, so that `coterie get` does not load a storage engine; tests give
 *  their own. */
import type { BenchCluster } from '../bench/cluster.ts';
import type { Provenance } from '../bench/run-report.ts';
import type { Client } from '../client/types.ts';
import type { ProcessEnvironment } from '../config/load.ts';
import type { NodeConfig, NodeConfigInput } from '../config/schema.ts';
import type { Clock } from '../env/clock.ts';
import type { reportOf, summarize } from '../sim/campaign.ts';
import type { Scenario } from '../sim/scenario.ts';
import type { replay, replayCommand, scenarioOf } from '../simulate.ts';
import type { AdminService } from '../wire/services.ts';
import type { ClientProcesses } from './bench-clients.ts';
import type { EmbedOptions, SpawnOptions } from './bench-cluster.ts';
import type { runSeeds } from './sim-pool.ts';
import type { Terminal } from './terminal.ts';

export interface AdminConnection extends AdminService {
  close(): Promise<void> | void;
}

export interface ConnectOptions {
  /** `HOST:PORT`, at least one; the next is tried when one refuses. */
  readonly nodes: readonly string[];
  readonly timeoutMs?: number;
}

export interface StartedNode {
  /** `HOST:PORT` at which it really listens. */
  readonly address: string;
  /** Settles when the node can no longer serve (storage failed); never on a clean stop. */
  readonly failed: Promise<unknown>;
  readonly admin: Pick<AdminService, 'status'>;
  stop(): Promise<void>;
}

export interface ClusterOptions {
  readonly nodes: number;
  /** Node i listens on this port plus i; 0: free ones. */
  readonly port: number;
  /** Each node has its own folder in it. */
  readonly dataDirectory?: string;
  readonly zones: number;
  readonly replicas: number;
  readonly engine: 'rocksdb' | 'memory';
  /** `HOST:PORT` of the metrics page. */
  readonly metrics?: string;
  /** Further settings of every node. */
  readonly config: NodeConfigInput;
}

export interface StartedCluster {
  /** `HOST:PORT` of each node. */
  readonly addresses: readonly string[];
  readonly nodes: readonly StartedNode[];
  stop(): Promise<void>;
}

export interface Simulator {
  /** Monotonic. */
  nowMs(): number;
  readonly runSeeds: typeof runSeeds;
  readonly scenarioOf: typeof scenarioOf;
  readonly replay: typeof replay;
  readonly replayCommand: typeof replayCommand;
  readonly reportOf: typeof reportOf;
  readonly summarize: typeof summarize;
  /** Throws for anything else than a scenario. */
  parseScenario(value: unknown): Scenario;
  /** The smallest scenario found in this time that breaks the promise of the check. */
  shrink(scenario: Scenario, check: string, seconds: number): Promise<Scenario>;
}

export interface BenchPorts {
  spawnCluster(options: SpawnOptions): Promise<BenchCluster>;
  embedCluster(options: EmbedOptions): Promise<BenchCluster>;
  givenCluster(addresses: readonly string[]): BenchCluster;
  startClients(count: number): Promise<ClientProcesses>;
  readonly nodeVersion: string;
  machine(): Provenance['machine'];
}

export interface CliPorts {
  simulator(): Promise<Simulator>;
  bench(): Promise<BenchPorts>;
  connect(options: ConnectOptions): Promise<Client>;
  connectAdmin(address: string, options: { readonly timeoutMs: number }): Promise<AdminConnection>;
  startNode(config: NodeConfig): Promise<StartedNode>;
  startCluster(options: ClusterOptions): Promise<StartedCluster>;
  /** Resolves with the name of the first SIGINT or SIGTERM; a second one ends the process at once.
   *  */
  stopSignal(): Promise<string>;
  /** Called when a command has ended: what of the engine still holds the process up after a while
   *  never lets go of it, and takes the process with it by SIGKILL. */
  endThoughStuck(): void;
  /** Resolves at the end of standard input, which is read and thrown away. */
  stdinEnd(): Promise<void>;
}

export interface CliContext {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly environment: ProcessEnvironment;
  readonly ports: CliPorts;
  /** The command line, without interpreter and script. */
  readonly argv: readonly string[];
  /** How a person calls this program. */
  readonly command: string;
  /** Of the software. */
  readonly version: string;
  /** Of the process, when the command ends without an error. */
  exitCode: number;
}
