/** How is a scenario made smaller? Each function returns a scenario with something left out, whose
 *  every index still points at what it pointed at.
 *  Invariants: the scenario given is not changed; steps keep their ids, clients their names; a
 *  fault that has lost all it was about is left out as well.
 *  Not here: which of them are worth trying (shrink.ts). */
import type { ClientScript, ClientStep, FaultStep, LinkEnds, Scenario } from '../scenario.ts';

/** Where a node or client index goes; `undefined`: it is left out. */
type IndexMap = (index: number) => number | undefined;

/** Nothing that was to begin after `atMs`. */
export function cutAt(scenario: Scenario, atMs: number): Scenario {
  return {
    ...keepSteps(scenario, (step) => step.atMs <= atMs),
    durationMs: Math.min(scenario.durationMs, Math.floor(Math.max(0, atMs)) + 1),
    faults: scenario.faults.filter((fault) => fault.atMs <= atMs),
  };
}

/** Clients stay, also without steps. */
export function keepSteps(scenario: Scenario, isKept: (step: ClientStep) => boolean): Scenario {
  const clients = scenario.clients.map((client) => ({
    ...client,
    steps: client.steps.filter(isKept),
  }));
  return { ...scenario, clients };
}

/** In the order in which they are due. */
export function stepsOf(scenario: Scenario): readonly ClientStep[] {
  const steps = scenario.clients.flatMap((client) => client.steps);
  return steps.sort((one, other) => one.atMs - other.atMs || one.id - other.id);
}

export function keepClients(
  scenario: Scenario,
  isKept: (client: ClientScript) => boolean,
): Scenario {
  const places = new Map<number, number>();
  const clients = scenario.clients.filter((client, index) => {
    if (!isKept(client)) return false;
    places.set(scenario.nodes + index, scenario.nodes + places.size);
    return true;
  });
  const moved: IndexMap = (index) => (index < scenario.nodes ? index : places.get(index));
  return { ...scenario, clients, faults: movedFaults(scenario.faults, moved) };
}

/** `node` leaves; a client that knew no other is told of node 0. */
export function withoutNode(scenario: Scenario, node: number): Scenario {
  const moved: IndexMap = (index) => {
    if (index === node) return undefined;
    return index > node ? index - 1 : index;
  };
  const nodes = scenario.nodes - 1;
  const clients = scenario.clients.map((client) => {
    const known = movedAll(client.nodes, moved);
    const steps = client.steps.map((step) => {
      return step.kind === 'repeat' ? { ...step, through: moved(step.through) ?? 0 } : step;
    });
    return { ...client, nodes: known.length === 0 ? [0] : known, steps };
  });
  return {
    ...scenario,
    nodes,
    clocks: scenario.clocks.filter((_, index) => index !== node),
    faults: movedFaults(scenario.faults, moved),
    clients,
  };
}

/** Lasts, or keeps a node down, for half as long; `undefined` when it does neither. */
export function shortened(fault: FaultStep): FaultStep | undefined {
  if ('forMs' in fault && fault.forMs > 1) return { ...fault, forMs: Math.ceil(fault.forMs / 2) };
  if ('downMs' in fault && fault.downMs > 1) {
    return { ...fault, downMs: Math.ceil(fault.downMs / 2) };
  }
  return undefined;
}

function movedFaults(faults: readonly FaultStep[], moved: IndexMap): FaultStep[] {
  return faults.flatMap((fault) => movedFault(fault, moved) ?? []);
}

function movedFault(fault: FaultStep, moved: IndexMap): FaultStep | undefined {
  switch (fault.kind) {
    case 'partition': {
      const [first, second] = fault.groups.map((group) => movedAll(group, moved));
      if (first === undefined || second === undefined) return undefined;
      if (first.length === 0 || second.length === 0) return undefined;
      return { ...fault, groups: [first, second] };
    }
    case 'clog': {
      const links = fault.links.flatMap((link) => movedLink(link, moved) ?? []);
      return links.length === 0 ? undefined : { ...fault, links };
    }
    case 'reset': {
      const [one, other] = fault.between.map(moved);
      if (one === undefined || other === undefined) return undefined;
      return { ...fault, between: [one, other] };
    }
    case 'replay': {
      const to = moved(fault.to);
      return to === undefined ? undefined : { ...fault, to };
    }
    case 'loss':
    case 'power-loss':
      return fault;
    default: {
      const node = moved(fault.node);
      return node === undefined ? undefined : { ...fault, node };
    }
  }
}

function movedLink(link: LinkEnds, moved: IndexMap): LinkEnds | undefined {
  const from = moved(link.from);
  const to = moved(link.to);
  return from === undefined || to === undefined ? undefined : { from, to };
}

function movedAll(indexes: readonly number[], moved: IndexMap): number[] {
  return indexes.flatMap((index) => moved(index) ?? []);
}
