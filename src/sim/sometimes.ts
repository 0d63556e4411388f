/** Which rare paths did a run take, as far as clients, mints and states show them? A batch of runs
 *  that never takes one of them proves nothing about it.
 *  Invariants: it only counts; a path that was not taken is left out.
 *  Not here: what nodes, disks and network count themselves (cluster/sim-cluster.ts), judging
 *  (checkers), which paths a batch must have taken (test/sim/seeds.test.ts).
 *  Source: FoundationDB's test coverage macros; the "sometimes" assertions of Antithesis. */
import type { History, Operation, WriteId, WriteOperation } from './history.ts';
import type { ClientScript } from './scenario.ts';

type Counts = Record<string, number>;

/** By the name of the path. `clients`: of the scenario. */
export function pathsTaken(clients: readonly ClientScript[], history: History): Counts {
  const paths = new Paths(history);
  const onlyNode = new Map<string, number>();
  for (const { name, nodes } of clients) {
    const [only] = nodes;
    if (only !== undefined && nodes.length === 1) onlyNode.set(name, only);
  }
  for (const operation of history.operations) {
    paths.noteOutcome(operation);
    if (operation.kind === 'get' || operation.outcome !== 'ok') continue;
    paths.noteRepeat(operation);
    paths.noteTombstones(operation);
    paths.noteForward(operation, onlyNode.get(operation.client));
  }
  for (const { isTombstone } of history.minted) if (isTombstone) paths.count('minted tombstone');
  paths.noteLosses();
  for (const { state } of history.states ?? []) paths.count(`state ${state}`);
  return paths.counts;
}

class Paths {
  readonly counts: Counts = {};
  readonly #history: History;
  /** Of acknowledged puts, by write. */
  readonly #dots = new Map<WriteId, string>();
  readonly #deletes: ReadonlySet<WriteId>;

  constructor(history: History) {
    this.#history = history;
    const deletes = history.operations.flatMap((operation) =>
      operation.kind === 'delete' ? [operation.write] : [],
    );
    this.#deletes = new Set(deletes);
  }

  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  noteOutcome(operation: Operation): void {
    if (operation.outcome !== 'ok') {
      this.count(`client ${operation.outcome} ${operation.code ?? ''}`);
    } else if (operation.kind === 'get') {
      if (operation.seen.length > 1) this.count('client saw siblings');
    } else if (operation.kind === 'delete' && operation.found === false) {
      this.count('client found nothing');
    }
  }

  /** A try after an acknowledged one: the node knew it, or it became an event of its own. */
  noteRepeat({ write, id, dot }: WriteOperation): void {
    if (write !== id) this.count('client repeated');
    if (dot === undefined) return;
    const first = this.#dots.get(write);
    if (first === undefined) this.#dots.set(write, dot);
    else this.count(first === dot ? 'client repeat recognised' : 'client repeat minted anew');
  }

  /** The only node that the client knows has no replica of the key. A repeat goes elsewhere. */
  noteForward({ key, id, write }: WriteOperation, node: number | undefined): void {
    if (node === undefined || id !== write) return;
    if (this.#history.contents[node]?.owns(key) === false) this.count('client write forwarded');
  }

  /** A disk that lost something after another one had, and had been made good. */
  noteLosses(): void {
    const { losses, rebuilt = [] } = this.#history;
    for (const loss of losses) {
      const isInTurn = losses.some(
        (earlier) =>
          earlier.node !== loss.node &&
          rebuilt.some(
            (of) => of.node === earlier.node && of.atUs > earlier.atUs && of.atUs < loss.atUs,
          ),
      );
      if (isInTurn) this.count('disk lost after another was rebuilt');
    }
  }

  noteTombstones({ kind, given }: WriteOperation): void {
    if (kind === 'put' && given?.some((write) => this.#deletes.has(write))) {
      this.count('client wrote over a tombstone');
    }
  }
}
