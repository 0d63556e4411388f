/** Is this a scenario that can be run? Stored ones come from other versions and from hands.
 *  Invariant: what is returned has every field that running it reads, with the right type; anything
 *  else is refused with the name of the field.
 *  Not here: whether its faults are survivable (faults/atlas.ts judges drawn ones). */
import { FAULT_KINDS } from './faults/catalogue.ts';
import { SCENARIO_VERSION, type Scenario } from './scenario.ts';

const NUMBERS = ['seed', 'nodes', 'replicas', 'partitions', 'durationMs'] as const;
const STEP_KINDS = ['get', 'put', 'delete', 'change-set', 'repeat'];

/** Errors: TypeError naming the field. */
export function parseScenario(value: unknown): Scenario {
  const scenario = objectOf(value, 'the scenario');
  if (scenario['version'] !== SCENARIO_VERSION) {
    throw new TypeError(
      `version is ${scenario['version']}, this software runs ${SCENARIO_VERSION}`,
    );
  }
  for (const name of NUMBERS) numberOf(scenario[name], name);
  textOf(scenario['workload'], 'workload');
  const network = objectOf(scenario['network'], 'network');
  for (const name of ['delayMinMs', 'delayMeanMs', 'tailShare', 'tailFactor']) {
    numberOf(network[name], `network.${name}`);
  }
  objectOf(scenario['limits'], 'limits');
  for (const clock of listOf(scenario['clocks'], 'clocks')) {
    const fields = objectOf(clock, 'clocks');
    numberOf(fields['offsetMs'], 'clocks.offsetMs');
    numberOf(fields['driftPpm'], 'clocks.driftPpm');
  }
  for (const fault of listOf(scenario['faults'], 'faults')) {
    const { kind, atMs } = objectOf(fault, 'faults');
    numberOf(atMs, 'faults.atMs');
    memberOf(kind, FAULT_KINDS, 'faults.kind');
  }
  for (const client of listOf(scenario['clients'], 'clients')) checkClient(client);
  return value as Scenario;
}

function checkClient(value: unknown): void {
  const client = objectOf(value, 'clients');
  textOf(client['name'], 'clients.name');
  numberOf(client['timeoutMs'], 'clients.timeoutMs');
  memberOf(client['retry'], ['same', 'any', 'none'], 'clients.retry');
  for (const node of listOf(client['nodes'], 'clients.nodes')) numberOf(node, 'clients.nodes');
  for (const entry of listOf(client['steps'], 'clients.steps')) {
    const step = objectOf(entry, 'clients.steps');
    numberOf(step['id'], 'clients.steps.id');
    numberOf(step['atMs'], 'clients.steps.atMs');
    textOf(step['key'], 'clients.steps.key');
    objectOf(step['level'], 'clients.steps.level');
    memberOf(step['kind'], STEP_KINDS, 'clients.steps.kind');
  }
}

function objectOf(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  throw new TypeError(`${name} is no object`);
}

function listOf(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError(`${name} is no list`);
}

function numberOf(value: unknown, name: string): void {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new TypeError(`${name} is no number`);
  }
}

function textOf(value: unknown, name: string): void {
  if (typeof value !== 'string') throw new TypeError(`${name} is no text`);
}

function memberOf(value: unknown, members: readonly string[], name: string): void {
  if (typeof value === 'string' && members.includes(value)) return;
  throw new TypeError(`${name} is ${JSON.stringify(value)}; there are ${members.join(', ')}`);
}
