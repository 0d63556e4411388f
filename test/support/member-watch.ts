/** Watches what every node of a cluster of processes thinks of every other, as its `Admin.Status`
 *  tells, and how late this process itself is meanwhile: a machine that has no time for the test
 *  has none for the nodes either. */
import { createAdminClient } from '../../src/platform/grpc/unary-client.ts';
import type { AdminService } from '../../src/wire/services.ts';
import { waitUntil } from './wait-until.ts';

const POLL_MS = 25;
const ANSWER_WITHIN_MS = 1_000;
const BEAT_MS = 20;

export interface SeenState {
  /** `performance.now()`. */
  readonly atMs: number;
  /** Names of the node that says so and of the one it speaks of. */
  readonly by: string;
  readonly about: string;
  readonly state: string;
}

export class MemberWatch implements AsyncDisposable {
  /** Every state that is another one than before, in the order in which they were seen. */
  readonly changes: SeenState[] = [];
  readonly #latest = new Map<string, SeenState>();
  readonly #answeredMs = new Map<string, number>();
  readonly #loops: Promise<void>[];
  readonly #beat: NodeJS.Timeout;
  #isOver = false;
  #beatDueMs = performance.now() + BEAT_MS;
  #lateMs = 0;

  constructor(addresses: readonly string[]) {
    this.#loops = addresses.map((address) => this.#watch(address));
    this.#beat = setInterval(() => {
      const nowMs = performance.now();
      this.#lateMs += Math.max(0, nowMs - this.#beatDueMs);
      this.#beatDueMs = nowMs + BEAT_MS;
    }, BEAT_MS);
  }

  /** By how much the beats of this process were late, all in all. */
  get lateMs(): number {
    return this.#lateMs;
  }

  /** When the node told last what it thinks; `performance.now()`, 0 = never. */
  answeredMs(by: string): number {
    return this.#answeredMs.get(by) ?? 0;
  }

  stateOf(about: string, by: string): string | undefined {
    return this.#latest.get(`${by} ${about}`)?.state;
  }

  /** Waits until each of `by` has said one of `states` of `about`; when the last of them did. */
  async until(
    about: string,
    by: readonly string[],
    states: readonly string[],
    deadlineMs: number,
  ): Promise<number> {
    const isSo = (name: string) => states.includes(this.stateOf(about, name) ?? '');
    await waitUntil(() => by.every(isSo), {
      deadlineMs,
      everyMs: 5,
      what: () => `${about} to be ${states.join(' or ')}; it is ${this.#describe(about, by)}`,
    });
    return Math.max(...by.map((name) => this.#latest.get(`${name} ${about}`)?.atMs ?? 0));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    clearInterval(this.#beat);
    await Promise.all(this.#loops);
  }

  #describe(about: string, by: readonly string[]): string {
    return by.map((name) => `${this.stateOf(about, name)} at ${name}`).join(', ');
  }

  async #watch(address: string): Promise<void> {
    const admin = createAdminClient(address, { timeoutMs: ANSWER_WITHIN_MS });
    try {
      while (!this.#isOver) {
        // A node that is stopped or dead has no opinion.
        await this.#look(admin).catch(() => undefined);
        await new Promise<void>((resolve) => setTimeout(resolve, POLL_MS));
      }
    } finally {
      admin.close();
    }
  }

  async #look(admin: AdminService): Promise<void> {
    const { node: by, members } = await admin.status({});
    const atMs = performance.now();
    this.#answeredMs.set(by, atMs);
    for (const { name: about, state } of members) {
      const key = `${by} ${about}`;
      if (this.#latest.get(key)?.state === state) continue;
      const seen = { atMs, by, about, state };
      this.#latest.set(key, seen);
      this.changes.push(seen);
    }
  }
}
