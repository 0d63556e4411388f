/** A client of a cluster that is one map: it answers after `takesMs` on the clock it is given,
 *  notes what it was asked, and keeps siblings as a coterie does. A context is the list of the
 *  values that its holder has seen. */
import type {
  Client,
  DeleteResult,
  GetOptions,
  GetResult,
  PutOptions,
  PutResult,
} from '../../src/client/types.ts';
import type { CoterieError } from '../../src/core/errors.ts';
import type { Ring } from '../../src/core/ring/ring.ts';
import type { Clock } from '../../src/env/clock.ts';

interface Asked {
  readonly verb: 'get' | 'put';
  readonly key: string;
  readonly options: GetOptions & PutOptions;
}

interface Written {
  readonly dot: string;
  readonly value: Uint8Array;
}

export class FakeClient implements Client {
  readonly asked: Asked[] = [];
  takesMs = 0;
  /** Of the next requests, in order; `undefined` ones succeed. */
  failures: (CoterieError | undefined)[] = [];
  readonly #clock: Clock;
  readonly #records = new Map<string, Written[]>();
  #writes = 0;
  isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async get(key: string | Uint8Array, options: GetOptions = {}): Promise<GetResult> {
    await this.#take('get', String(key), options);
    const written = this.#records.get(String(key)) ?? [];
    const siblings = written.map(({ dot, value }) => ({ dot, value, writtenAtMs: 0 }));
    return {
      context: written.map(({ dot }) => dot).join(' '),
      level: 'quorum',
      elapsedMs: this.takesMs,
      coordinatorMs: this.takesMs / 2,
      found: written.length > 0,
      siblings,
      replies: { required: 2, received: 2, nodes: [] },
      text: () => undefined,
    };
  }

  async put(
    key: string | Uint8Array,
    value: string | Uint8Array,
    options: PutOptions = {},
  ): Promise<PutResult> {
    await this.#take('put', String(key), options);
    const before = this.#records.get(String(key)) ?? [];
    const seen = (options.context ?? '').split(' ');
    const kept = options.overwrite === true ? [] : before.filter(({ dot }) => !seen.includes(dot));
    this.#writes += 1;
    const dot = `0.1.${this.#writes}`;
    const written = { dot, value: value as Uint8Array };
    this.#records.set(String(key), [...kept, written]);
    const context = kept.length === 0 ? dot : `${options.context ?? ''} ${dot}`.trim();
    return {
      context,
      level: 'quorum',
      elapsedMs: this.takesMs,
      coordinatorMs: this.takesMs / 2,
      siblings: kept.length + 1,
      acks: { required: 2, received: 2, nodes: [] },
      durable: 2,
      requestId: '00'.repeat(16),
      dot,
    };
  }

  delete(): Promise<DeleteResult> {
    throw new Error('a benchmark deletes nothing');
  }

  layout(): Promise<Ring> {
    throw new Error('there is no layout in this test');
  }

  async ready(): Promise<void> {}

  async close(): Promise<void> {
    this.isClosed = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #take(verb: Asked['verb'], key: string, options: GetOptions & PutOptions): Promise<void> {
    this.asked.push({ verb, key, options });
    const failure = this.failures.shift();
    if (this.takesMs > 0) {
      await new Promise<void>((resolve) => this.#clock.setTimer(this.takesMs, resolve));
    }
    if (failure !== undefined) throw failure;
  }
}
