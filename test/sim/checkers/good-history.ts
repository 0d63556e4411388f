/** Histories that keep every promise by construction: one perfect register of several values for
 *  each key, whose operations take effect at one moment between their start and their end. */
import type {
  History,
  Operation,
  ReplicaContents,
  StoredRecord,
  StoredSibling,
  WriteId,
} from '../../../src/sim/history.ts';
import { RandomStream } from '../../../src/sim/kernel/random-stream.ts';

export interface GoodShape {
  readonly seed: number;
  /** Steps; some of them read and then write. */
  readonly steps: number;
  readonly keys: number;
  readonly clients: number;
  /** Overwrites and deletes without a context, which may explain nearly everything. */
  readonly hasFree: boolean;
}

const NODES = ['n0', 'n1', 'n2'];
const LEVELS = ['quorum', 'quorum', 'quorum', 'all', 'one'] as const;
const NEEDS = { quorum: 2, all: 3, one: 1 };

interface Register {
  live: readonly StoredSibling[];
  /** Every write that took effect, in order. */
  readonly order: Map<WriteId, number>;
}

/** Covers the first `upTo` events of the register, and `own`. */
interface Context {
  readonly upTo: number;
  readonly own: readonly WriteId[];
  /** Values shown under it, and the client's own writes. */
  readonly told: readonly WriteId[];
}

const NOTHING: Context = { upTo: 0, own: [], told: [] };

interface Session {
  readonly name: string;
  readonly contexts: Map<string, Context>;
  freeUs: number;
}

type Base = Pick<Operation, 'id' | 'client' | 'key' | 'level' | 'startUs' | 'endUs' | 'required'>;

export function goodHistory(shape: GoodShape): History {
  const maker = new Maker(shape);
  for (let id = 1; id <= shape.steps; id += 1) maker.step(id);
  return maker.end();
}

/** Steps take effect in the order of their ids; the operations of different clients overlap. */
class Maker {
  readonly #shape: GoodShape;
  readonly #stream: RandomStream;
  readonly #registers = new Map<string, Register>();
  readonly #sessions: Session[];
  readonly #operations: Operation[] = [];
  #nowUs = 0;

  constructor(shape: GoodShape) {
    this.#shape = shape;
    this.#stream = new RandomStream(shape.seed, 'good history');
    this.#sessions = Array.from({ length: shape.clients }, (_, index) => ({
      name: `client-${index}`,
      contexts: new Map(),
      freeUs: 0,
    }));
  }

  step(id: number): void {
    const stream = this.#stream;
    const session = stream.pick(this.#sessions);
    const key = `k${stream.below(this.#shape.keys)}`;
    const register = this.#registers.get(key) ?? { live: [], order: new Map() };
    this.#registers.set(key, register);
    const isRead = stream.chance(0.4);
    if (isRead || stream.chance(0.5) || register.live.length > 6) {
      this.#read(this.#begin(isRead ? id : id - 0.5, key, session), session, register);
    }
    if (!isRead) this.#write(this.#begin(id, key, session), session, register);
  }

  end(): History {
    const operations = this.#operations.sort((a, b) => a.startUs - b.startUs || a.id - b.id);
    const contents = NODES.map((node): ReplicaContents => {
      const records = new Map<string, StoredRecord>();
      for (const [key, { live }] of this.#registers) {
        records.set(key, { key, hex: live.map(({ dot }) => dot).join(), siblings: live });
      }
      return { node, state: 'SERVING', records, owns: () => true };
    });
    const endUs = this.#nowUs + 1_000;
    const nothing = { minted: [], faults: [], losses: [], watermarks: [], afterHealing: [] };
    return { ...nothing, replicas: 3, operations, contents, healedUs: this.#nowUs, endUs };
  }

  /** Takes effect at `#nowUs`, which lies between its start and its end. */
  #begin(id: number, key: string, session: Session): Base {
    const stream = this.#stream;
    this.#nowUs = Math.max(this.#nowUs + stream.between(5, 50), session.freeUs + 2);
    const startUs = Math.max(session.freeUs + 1, this.#nowUs - 1 - stream.below(100));
    const endUs = this.#nowUs + 1 + stream.below(100);
    session.freeUs = endUs;
    const level = stream.pick(LEVELS);
    const client = session.name;
    return { id, client, key, level: { level }, startUs, endUs, required: NEEDS[level] };
  }

  #read(base: Base, session: Session, { live, order }: Register): void {
    const told: WriteId[] = [];
    const seen = live.flatMap(({ write, dot, isTombstone }) => {
      if (isTombstone || write === undefined) return [];
      told.push(write);
      return [{ write, dot, text: `w${write}` }];
    });
    session.contexts.set(base.key, { upTo: order.size, own: [], told });
    const received = base.required;
    this.#operations.push({ ...base, kind: 'get', outcome: 'ok', seen, received });
  }

  #write(base: Base, session: Session, register: Register): void {
    const stream = this.#stream;
    const { id, key } = base;
    const kind = stream.chance(0.15) ? 'delete' : 'put';
    const outcome = stream.chance(0.1) ? 'unknown' : 'ok';
    const isFree = this.#shape.hasFree && stream.chance(0.05);
    const context = stream.chance(0.95) ? (session.contexts.get(key) ?? NOTHING) : NOTHING;
    if (outcome === 'ok' || stream.chance(0.5)) {
      const isKept = (write: WriteId) =>
        (register.order.get(write) ?? 0) >= context.upTo && !context.own.includes(write);
      const own = { dot: `d${id}`, isTombstone: kind === 'delete', write: id, contentHash: id };
      const kept = isFree ? [] : register.live.filter(({ write }) => isKept(write ?? -1));
      register.live = [...kept, own];
      register.order.set(id, register.order.size);
    }
    const acknowledgedBy = outcome === 'ok' ? NODES.slice(0, base.required) : [];
    const siblings = register.live.filter(({ isTombstone }) => !isTombstone).length;
    this.#operations.push({
      ...base,
      ...{ kind, outcome, write: id, acknowledgedBy, durable: acknowledgedBy.length },
      given: isFree ? undefined : context.told,
      ...(outcome === 'ok' && { siblings }),
      ...(outcome === 'ok' && kind === 'put' && { dot: `d${id}` }),
    });
    if (outcome !== 'ok') return;
    const given = isFree ? NOTHING : context;
    const isAlone = register.live.length === 1;
    session.contexts.set(key, {
      upTo: isAlone ? register.order.size : given.upTo,
      own: [...given.own, id],
      told: [...given.told, id],
    });
  }
}
