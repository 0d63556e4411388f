/** A store in one place that answers like the product's client: causal, immediate after a delay,
 *  and made to fail by tests. */
import type {
  Client,
  DeleteResult,
  GetResult,
  PutOptions,
  PutResult,
} from '../../../src/client/types.ts';
import type { Kernel } from '../../../src/sim/kernel/kernel.ts';

interface Version {
  readonly value: Uint8Array;
  readonly number: number;
}

export class FakeStore {
  readonly kernel: Kernel;
  readonly puts: { key: string; value: Uint8Array; options: PutOptions }[] = [];
  readonly gets: { key: string; options: unknown }[] = [];
  /** What the next operations do in place of being answered, in order. */
  readonly next: (() => Promise<never>)[] = [];
  readonly #versions = new Map<string, Version[]>();
  #count = 0;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  client(): Client {
    return {
      get: (key, options = {}) => this.#get(String(key), options),
      put: (key, value, options = {}) => this.#put(String(key), value as Uint8Array, options),
      delete: (key, options = {}) => this.#delete(String(key), options),
      layout: () => Promise.reject(new Error('unused')),
      ready: () => Promise.resolve(),
      close: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  async #get(key: string, options: unknown): Promise<GetResult> {
    this.gets.push({ key, options });
    await this.#delay();
    const siblings = (this.#versions.get(key) ?? []).map(({ value, number }) => {
      return { value, dot: `0.1.${number}`, writtenAtMs: 0 };
    });
    return {
      found: siblings.length > 0,
      siblings,
      context: `c${Math.max(0, ...(this.#versions.get(key) ?? []).map((one) => one.number))}`,
      level: 'quorum',
      replies: { required: 2, received: 2, nodes: ['n0', 'n1'] },
      elapsedMs: 1,
      coordinatorMs: 1,
      text: () => undefined,
    };
  }

  async #put(key: string, value: Uint8Array, options: PutOptions): Promise<PutResult> {
    this.puts.push({ key, value, options });
    await this.#delay();
    const number = this.#write(key, options.context, value);
    return { ...this.#written(key, number, options), dot: `0.1.${number}` };
  }

  async #delete(key: string, options: PutOptions): Promise<DeleteResult> {
    await this.#delay();
    const number = this.#write(key, options.context ?? 'c999', undefined);
    return { ...this.#written(key, number, options), found: true };
  }

  #write(key: string, context = 'c0', value?: Uint8Array): number {
    this.#count += 1;
    const covered = Number(context.slice(1));
    const kept = (this.#versions.get(key) ?? []).filter(({ number }) => number > covered);
    if (value !== undefined) kept.push({ value, number: this.#count });
    this.#versions.set(key, kept);
    return this.#count;
  }

  #written(key: string, number: number, options: PutOptions): Omit<PutResult, 'dot'> {
    return {
      context: `c${number}`,
      level: 'quorum',
      siblings: this.#versions.get(key)?.length ?? 0,
      acks: { required: 2, received: 2, nodes: ['n0', 'n1'] },
      durable: 2,
      requestId: String(options.requestId ?? `id-of-${number}`),
      elapsedMs: 1,
      coordinatorMs: 1,
    };
  }

  async #delay(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.kernel.schedule(1_000, 'fake', resolve);
    });
    await this.next.shift()?.();
  }
}
