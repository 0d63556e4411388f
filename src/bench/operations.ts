/** The operations of one client: takes a key, asks, and notes what became of it. An update replaces
 *  what this client last saw of the key: it gives the context of its last read or write, and reads
 *  first when it has none. Writers that are concurrent leave siblings, and only a read shows a
 *  client the siblings of others; so a key that has many is read before its next update, as an
 *  application would.
 *  Not here: when an operation starts (loops.ts). */
import type { Client, GetOptions, GetResult, PutOptions } from '../client/types.ts';
import { CoterieError } from '../core/errors.ts';
import { SeededRandom } from '../core/seeded-random.ts';
import type { Clock } from '../env/clock.ts';
import { ContextCache } from './context-cache.ts';
import { type ClientPlace, type Distribution, KeyChooser, keyName } from './key-chooser.ts';
import type { Outcomes } from './outcomes.ts';
import { ValueSource } from './value-source.ts';
import { chooseOperation, type Mix } from './workload.ts';

export type ReadLevel = Pick<GetOptions, 'consistency' | 'r' | 'pr'>;
export type WriteLevel = Pick<PutOptions, 'consistency' | 'w' | 'pw' | 'dw' | 'durability'>;

export interface OperationsOptions {
  readonly bucket: string;
  /** Loaded before. */
  readonly keys: number;
  readonly valueBytes: number;
  readonly mix: Mix;
  readonly distribution: Distribution;
  readonly update: 'context' | 'overwrite';
  /** Contexts kept. */
  readonly contextsMax: number;
  readonly read: ReadLevel;
  readonly write: WriteLevel;
  readonly seed: number;
  readonly client: ClientPlace;
}

/** From so many on the next update of the key reads first. */
const MANY_SIBLINGS = 8;

export class Operations {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #options: OperationsOptions;
  readonly #random: SeededRandom;
  readonly #keys: KeyChooser;
  readonly #contexts: ContextCache;
  readonly #values: ValueSource;
  readonly #read: GetOptions;
  readonly #write: PutOptions;
  readonly #overwrite: PutOptions;

  constructor(client: Client, clock: Clock, options: OperationsOptions) {
    const { bucket, seed, client: place, distribution, keys } = options;
    this.#client = client;
    this.#clock = clock;
    this.#options = options;
    this.#random = new SeededRandom(seed, `client ${place.index}`);
    this.#keys = new KeyChooser(this.#random, { distribution, keys, client: place });
    this.#contexts = new ContextCache(options.contextsMax);
    this.#values = new ValueSource(this.#random, options.valueBytes);
    this.#read = { bucket, ...options.read };
    this.#write = { bucket, ...options.write };
    this.#overwrite = { ...this.#write, overwrite: true };
  }

  /** Stores a key of the set that the workload works on. Errors: those of the write. */
  async load(key: number): Promise<void> {
    const result = await this.#client.put(keyName(key), this.#values.next(), this.#overwrite);
    this.#contexts.set(key, result.context);
  }

  /** One operation of the mix. Latency counts from `intendedMs`. Never rejects for a fault of the
   *  cluster; those are in `outcomes`. */
  async perform(intendedMs: number, outcomes: Outcomes): Promise<void> {
    const operation = chooseOperation(this.#options.mix, this.#random);
    try {
      if (operation === 'insert') await this.#insert(intendedMs, outcomes);
      else if (operation === 'update') await this.#update(intendedMs, outcomes);
      else if (operation === 'read') await this.#get(this.#keys.next(), intendedMs, outcomes);
      else await this.#readModifyWrite(intendedMs, outcomes);
      outcomes.succeeded += 1;
    } catch (error) {
      if (!(error instanceof CoterieError)) throw error;
      outcomes.failed(error.code);
    }
    outcomes.operations += 1;
  }

  async #get(key: number, intendedMs: number, outcomes: Outcomes): Promise<GetResult> {
    const result = await this.#client.get(keyName(key), this.#read);
    outcomes.took('read', this.#clock.monotonicMs() - intendedMs);
    outcomes.reached(result);
    if (!result.found) outcomes.notFound += 1;
    if (result.siblings.length > 1) outcomes.siblingReads += 1;
    this.#remember(key, result.context);
    return result;
  }

  async #insert(intendedMs: number, outcomes: Outcomes): Promise<void> {
    const key = this.#keys.beginInsert();
    try {
      await this.#put(key, intendedMs, outcomes, this.#write);
    } finally {
      this.#keys.acknowledge(key);
    }
  }

  async #update(intendedMs: number, outcomes: Outcomes): Promise<void> {
    const key = this.#keys.next();
    if (this.#options.update === 'overwrite') {
      await this.#put(key, intendedMs, outcomes, this.#overwrite);
      return;
    }
    let context = this.#contexts.get(key);
    if (context === undefined) {
      outcomes.contextReads += 1;
      context = (await this.#client.get(keyName(key), this.#read)).context;
    }
    await this.#put(key, intendedMs, outcomes, { ...this.#write, context });
  }

  async #readModifyWrite(intendedMs: number, outcomes: Outcomes): Promise<void> {
    const key = this.#keys.next();
    const { context } = await this.#get(key, intendedMs, outcomes);
    const readMs = this.#clock.monotonicMs();
    await this.#put(key, readMs, outcomes, { ...this.#write, context });
    outcomes.took('rmw', this.#clock.monotonicMs() - intendedMs);
  }

  async #put(
    key: number,
    intendedMs: number,
    outcomes: Outcomes,
    options: PutOptions,
  ): Promise<void> {
    try {
      const result = await this.#client.put(keyName(key), this.#values.next(), options);
      outcomes.took('write', this.#clock.monotonicMs() - intendedMs);
      outcomes.reached(result);
      if (result.siblings < MANY_SIBLINGS) this.#remember(key, result.context);
      else this.#contexts.forget(key);
    } catch (error) {
      // Whether it was written is not known, or there are too many siblings: look first.
      this.#contexts.forget(key);
      throw error;
    }
  }

  #remember(key: number, context: string): void {
    if (this.#options.update === 'context') this.#contexts.set(key, context);
  }
}
