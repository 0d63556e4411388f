/** One client process: carries out its script over the product's own client, one step after the
 *  other, and notes what it was shown.
 *  Invariants: every request is noted with its exact times and its outcome as the error tells it; a
 *  value is asked for once, except where the script repeats it under its request id; nothing that a
 *  client must never meet is passed over.
 *  Not here: what is asked when (workloads), what the notes mean (checkers). */
import type {
  Client,
  DeleteOptions,
  DeleteResult,
  GetOptions,
  PutOptions,
  PutResult,
} from '../../client/types.ts';
import type { Operation, ReadOperation, WriteId, WriteOperation } from '../history.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { ClientScript, ClientStep, LevelChoice } from '../scenario.ts';
import { type Attempt, attempt } from './attempt.ts';
import { type Given, KnownResults } from './known-results.ts';
import { notedRead, notedWrite, type WriteFacts } from './noted.ts';
import type { OperationNotes } from './operation-notes.ts';
import type { SetValues } from './set-values.ts';
import { readHead, valueBytes } from './values.ts';
import type { WriteBook } from './write-book.ts';

export interface ScriptClientParts {
  readonly kernel: Kernel;
  readonly book: WriteBook;
  readonly notes: OperationNotes;
  readonly values: SetValues;
  /** A client of the product in this process, told of these nodes only. `label` names its random
   *  stream. */
  readonly connect: (label: string, nodes: readonly number[], options: ConnectOptions) => Client;
}

export type ConnectOptions = Pick<ClientScript, 'timeoutMs' | 'retry'>;

/** What a write asks for; a repeat asks for the same once more. */
interface AskedWrite {
  readonly kind: 'put' | 'delete';
  readonly key: string;
  readonly level: LevelChoice;
  readonly write: WriteId;
  readonly given: Given;
  /** Of a put. */
  readonly value: Uint8Array;
  /** Of a set: what the value holds, and what was left out on purpose. */
  readonly set: Pick<WriteOperation, 'elements' | 'removes'> | undefined;
  readonly isSloppy: boolean;
}

interface SentWrite {
  readonly asked: AskedWrite;
  readonly requestId: string;
}

type StepOf<Kind extends ClientStep['kind']> = Extract<ClientStep, { readonly kind: Kind }>;

const US_PER_MS = 1_000;
const NO_VALUE = new Uint8Array(0);

export class ScriptClient {
  readonly name: string;
  readonly #parts: ScriptClientParts;
  readonly #script: ClientScript;
  readonly #client: Client;
  readonly #known = new KnownResults();
  /** The last write of each key that can be repeated. */
  readonly #sent = new Map<string, SentWrite>();
  /** Of connections made for one repeat. */
  #closing: Promise<void> = Promise.resolve();

  constructor(parts: ScriptClientParts, script: ClientScript) {
    this.name = script.name;
    this.#parts = parts;
    this.#script = script;
    this.#client = parts.connect(script.name, script.nodes, script);
  }

  /** Settles when the last step has ended; steps that would begin at `untilUs` or later are left
   *  out. */
  async run(startUs: number, untilUs: number): Promise<void> {
    const { kernel } = this.#parts;
    for (const step of this.#script.steps) {
      const atUs = startUs + step.atMs * US_PER_MS;
      if (atUs > kernel.nowUs) await kernel.after(atUs - kernel.nowUs, this.name);
      if (kernel.nowUs >= untilUs) return;
      await this.perform(step);
    }
  }

  /** One step, with another budget when `timeoutMs` is given. Returns what was noted last. */
  perform(step: ClientStep, timeoutMs = this.#script.timeoutMs): Promise<Operation | undefined> {
    switch (step.kind) {
      case 'get':
        return this.#get(step.id, step.key, step.level, timeoutMs);
      case 'put':
      case 'delete':
        return this.#writeStep(step, timeoutMs);
      case 'change-set':
        return this.#changeSet(step, timeoutMs);
      case 'repeat':
        return this.#repeat(step, timeoutMs);
    }
  }

  async close(): Promise<void> {
    await this.#client.close();
    await this.#closing;
  }

  async #get(
    id: number,
    key: string,
    wanted: LevelChoice,
    timeoutMs: number,
  ): Promise<ReadOperation> {
    const { kernel, notes, book } = this.#parts;
    const level = readLevel(wanted);
    const begun = notes.begin();
    const startUs = kernel.nowUs;
    const options = readOptions(level, timeoutMs);
    const asked = await attempt(kernel, timeoutMs, () => this.#client.get(key, options));
    const seen =
      asked.kind === 'done'
        ? asked.result.siblings.map(({ value, dot }) => book.recognise(key, value, dot))
        : [];
    const operation = notedRead({ id, client: this.name, key, level, startUs }, asked, seen);
    if (asked.kind === 'done') {
      const { context, found } = asked.result;
      if (found !== seen.length > 0) {
        notes.broken(operation, `Found is ${found}, and there are ${seen.length} values`);
      }
      const covers = seen.flatMap(({ write }) => (write === undefined ? [] : [write]));
      this.#known.add({ key, context, covers });
    }
    if (asked.kind === 'broken') notes.broken(operation, asked.message);
    notes.end(begun, operation);
    return operation;
  }

  async #writeStep(
    step: StepOf<'put' | 'delete'>,
    timeoutMs: number,
  ): Promise<Operation | undefined> {
    const { id, key, level, kind } = step;
    const given = this.#known.give(key, step.context);
    if (given === undefined) return undefined;
    const value = kind === 'put' ? valueBytes(id) : NO_VALUE;
    const isSloppy = step.isSloppy === true;
    const asked = { kind, key, level, write: id, given, value, set: undefined, isSloppy };
    const operation = await this.#write(id, asked, this.#client, timeoutMs);
    if (step.context === 'other-key' && operation.outcome === 'ok') {
      this.#parts.notes.broken(operation, 'A write with the context of another key was taken');
    }
    return operation;
  }

  async #changeSet(step: StepOf<'change-set'>, timeoutMs: number): Promise<Operation> {
    const { id, key, level } = step;
    const read = await this.#get(id - 0.5, key, level, timeoutMs);
    if (read.outcome !== 'ok') return read;
    const { values } = this.#parts;
    const seen = read.seen.flatMap(({ text }) => readHead(text)?.content ?? []);
    const merged = seen.length > 1 ? values.merge(seen) : seen[0];
    const content = values.change(merged, { adds: id, removes: step.removes });
    const value = valueBytes(id, content);
    const set = { elements: values.elements(content), removes: step.removes };
    const given = this.#known.give(key, 'last') ?? { kind: 'nothing' };
    const isSloppy = false;
    const asked = { kind: 'put', key, level, write: id, given, value, set, isSloppy } as const;
    return this.#write(id, asked, this.#client, timeoutMs);
  }

  /** Through a connection of its own, so that it cannot go where the first try went by itself. */
  async #repeat(step: StepOf<'repeat'>, timeoutMs: number): Promise<Operation | undefined> {
    const sent = this.#sent.get(step.key);
    if (sent === undefined) return undefined;
    const label = `${this.name} repeat ${step.id}`;
    const client = this.#parts.connect(label, [step.through], this.#script);
    const operation = await this.#write(step.id, sent.asked, client, timeoutMs, sent.requestId);
    const isClosed = client.close();
    this.#closing = this.#closing.then(() => isClosed);
    return operation;
  }

  async #write(
    id: number,
    asked: AskedWrite,
    client: Client,
    timeoutMs: number,
    requestId?: string,
  ): Promise<WriteOperation> {
    const { kernel, notes, book } = this.#parts;
    const { key, kind, value, level, write, given, set, isSloppy } = asked;
    if (kind === 'put') book.note(write, key, value);
    const begun = notes.begin();
    const startUs = kernel.nowUs;
    const isRetry = requestId !== undefined;
    const options = writeOptions(level, timeoutMs);
    if (isRetry) options.requestId = requestId;
    if (isSloppy) options.sloppy = true;
    if (given.kind === 'context') options.context = given.context;
    else if (given.kind === 'overwrite') options[kind === 'put' ? 'overwrite' : 'blind'] = true;
    const tried = await attempt<PutResult | DeleteResult>(kernel, timeoutMs, () =>
      kind === 'put' ? client.put(key, value, options) : client.delete(key, options),
    );
    const facts: WriteFacts = {
      id,
      client: this.name,
      key,
      level,
      startUs,
      kind,
      write,
      given: givenWrites(kind, given),
      looksFirst: kind === 'delete' && given.kind === 'nothing',
      isSentOnce: this.#script.retry === 'none',
      set,
      isSloppy,
    };
    const operation = notedWrite(facts, tried);
    if (tried.kind === 'broken') notes.broken(operation, tried.message);
    this.#remember(asked, tried, isRetry);
    notes.end(begun, operation);
    return operation;
  }

  /** Keeps the token of the reply, and what a repeat needs. */
  #remember(asked: AskedWrite, tried: Attempt<PutResult | DeleteResult>, isRetry: boolean): void {
    if (tried.kind === 'done') {
      const { context } = tried.result;
      const before = asked.given.kind === 'context' ? asked.given.covers : [];
      const covers = before.includes(asked.write) ? before : [...before, asked.write];
      this.#known.add({ key: asked.key, context, covers });
    }
    if (isRetry) return;
    const requestId = requestIdOf(tried);
    if (requestId !== undefined) this.#sent.set(asked.key, { asked, requestId });
  }
}

function requestIdOf(tried: Attempt<PutResult | DeleteResult>): string | undefined {
  if (tried.kind === 'done') return tried.result.requestId;
  const id = tried.kind === 'failed' ? tried.error.details['requestId'] : undefined;
  return typeof id === 'string' ? id : undefined;
}

/** A delete without a context first reads at the node, so that it is not known what it replaces. */
function givenWrites(kind: 'put' | 'delete', given: Given): readonly WriteId[] | undefined {
  if (given.kind === 'context') return given.covers;
  return given.kind === 'nothing' && kind === 'put' ? [] : undefined;
}

/** There is no read at `any`; who writes at it reads at `one`. */
function readLevel(level: LevelChoice): LevelChoice {
  return 'level' in level && level.level === 'any' ? { level: 'one' } : level;
}

function readOptions(level: LevelChoice, timeoutMs: number): GetOptions {
  return 'level' in level ? { consistency: level.level, timeoutMs } : { r: level.r, timeoutMs };
}

type Draft<Options> = { -readonly [Field in keyof Options]: Options[Field] };

/** To be completed. */
function writeOptions(
  level: LevelChoice,
  timeoutMs: number,
): Draft<PutOptions> & Draft<DeleteOptions> {
  return 'level' in level ? { consistency: level.level, timeoutMs } : { w: level.w, timeoutMs };
}
