/** The sessions of one client, one per node, and what they have shown it: the layout, and where the
 *  members are.
 *  Invariants: of several layouts seen the newest version stands; a node known by name is never
 *  dialed twice, whether it was given or learned; all sessions belong to one cluster, the one
 *  asked for or else the first one met.
 *  Not here: which session a request takes (router.ts), the stream itself
 *  (session-connection.ts), what is believed of a node (node-notes.ts). */
import { bytesEqual } from '../core/bytes.ts';
import { CoterieError } from '../core/errors.ts';
import { decodeLayout, layoutHash } from '../core/ring/layout.ts';
import { Ring } from '../core/ring/ring.ts';
import type { MemberNote, SessionHelloReply } from '../wire/generated/coterie/v1/kv.ts';
import { NodeNotes } from './node-notes.ts';
import {
  SessionConnection,
  type SessionEnvironment,
  type SessionOwner,
} from './session-connection.ts';

/** Sessions of one client. Nodes beyond it are reached through others. */
export const SESSIONS_MAX = 256;

export interface SessionPoolOptions {
  /** `host:port`, at least one. */
  readonly nodes: readonly string[];
  /** Empty = the first cluster met. */
  readonly clusterId: Uint8Array;
}

/** Told about every session that became ready or broke. */
export interface SessionListener {
  ready(session: SessionConnection): void;
  broken(session: SessionConnection, error: CoterieError): void;
}

const NO_SESSIONS: readonly SessionConnection[] = [];

export class SessionPool implements SessionOwner {
  readonly given: readonly SessionConnection[];
  readonly #env: SessionEnvironment;
  readonly #byAddress = new Map<string, SessionConnection>();
  readonly #byName = new Map<string, SessionConnection>();
  /** Names of nodes that should answer there, for sessions that were not ready yet. */
  readonly #expected = new Map<SessionConnection, string>();
  readonly #notes = new NodeNotes<SessionConnection>();
  readonly #listeners = new Set<SessionListener>();
  readonly #closing = new Set<Promise<void>>();
  #all: readonly SessionConnection[];
  #clusterId: Uint8Array;
  #ring: Ring | undefined;
  /** Filled on first use, per partition; emptied when the layout, a name or an address changes. */
  #byPartition: (readonly SessionConnection[] | undefined)[] = [];

  constructor(env: SessionEnvironment, options: SessionPoolOptions) {
    this.#env = env;
    this.#clusterId = options.clusterId;
    for (const address of options.nodes) {
      this.#byAddress.set(address, new SessionConnection(env, address, this));
    }
    this.#all = [...this.#byAddress.values()];
    this.given = this.#all;
  }

  /** Newest layout seen; undefined before the first. */
  get ring(): Ring | undefined {
    return this.#ring;
  }

  get all(): readonly SessionConnection[] {
    return this.#all;
  }

  listen(listener: SessionListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Sessions of the key's replicas, in an order that means nothing; empty before a layout is
   *  known. The same list at every call, so a request allocates none. */
  replicasOf(bucket: string, key: Uint8Array): readonly SessionConnection[] {
    const ring = this.#ring;
    if (ring === undefined) return NO_SESSIONS;
    const { partition } = ring.partitionOfKey(bucket, key);
    const known = this.#byPartition[partition];
    if (known !== undefined) return known;
    const sessions = ring
      .replicasOf(partition)
      .map((nodeIndex) => this.#sessionOf(ring, nodeIndex))
      .filter((session) => session !== undefined);
    this.#byPartition[partition] = sessions;
    this.#all = [...this.#byAddress.values()];
    return sessions;
  }

  /** Do other nodes say that this one is in doubt or down. */
  isBad(session: SessionConnection): boolean {
    const name = session.node ?? this.#expected.get(session);
    return name !== undefined && this.#notes.isBad(name);
  }

  clusterId(): Uint8Array {
    return this.#clusterId;
  }

  ready(session: SessionConnection, hello: SessionHelloReply): void {
    if (this.#clusterId.length === 0) this.#clusterId = hello.clusterId.slice();
    this.#learnName(session);
    if (hello.layout.length > 0) this.layout(hello.layout);
    for (const listener of [...this.#listeners]) listener.ready(session);
  }

  broken(session: SessionConnection, error: CoterieError): void {
    if (this.#notes.drop(session)) this.#followNotes();
    for (const listener of [...this.#listeners]) listener.broken(session, error);
  }

  layout(encoded: Uint8Array): void {
    if (encoded.length === 0) return;
    const hash = layoutHash(encoded);
    const current = this.#ring;
    if (current !== undefined && bytesEqual(current.hash, hash)) return;
    let ring: Ring;
    try {
      ring = new Ring(decodeLayout(encoded), hash);
    } catch (error) {
      // Requests still work: any node passes them on to the replicas.
      if (!(error instanceof CoterieError)) throw error;
      this.#env.log.warn('client-layout-unreadable', { code: error.code, reason: error.message });
      return;
    }
    if (current !== undefined && current.layout.version >= ring.layout.version) return;
    this.#ring = ring;
    this.#followNotes();
  }

  notes(session: SessionConnection, notes: readonly MemberNote[]): void {
    if (this.#notes.add(session, session.node ?? '', notes)) this.#followNotes();
  }

  /** Settles when every stream is over. */
  async close(): Promise<void> {
    await Promise.all([...this.#all.map((session) => session.close()), ...this.#closing]);
  }

  #learnName(session: SessionConnection): void {
    for (const [name, known] of this.#byName) {
      if (known === session && name !== session.node) this.#byName.delete(name);
    }
    const { node } = session;
    if (node !== undefined && this.#byName.get(node)?.isReady() !== true) {
      this.#byName.set(node, session);
    }
    this.#byPartition = [];
  }

  #sessionOf(ring: Ring, nodeIndex: number): SessionConnection | undefined {
    const role = ring.role(nodeIndex);
    if (role === undefined) return undefined;
    const { name } = role;
    const address = this.#notes.addressOf(name) ?? role.address;
    const named = this.#byName.get(name);
    if (named !== undefined && !this.#hasMoved(named, address, role.address)) return named;
    const known = this.#byAddress.get(address);
    if (known === undefined && this.#byAddress.size >= SESSIONS_MAX) return named;
    const session = known ?? new SessionConnection(this.#env, address, this);
    this.#byAddress.set(address, session);
    this.#expected.set(session, name);
    return session;
  }

  /** Is the node of this session to be looked for at another address. One that was given may be a
   *  name for the same place: it stands until the node is said to have left its place. */
  #hasMoved(named: SessionConnection, address: string, layoutAddress: string): boolean {
    if (named.isReady() || named.address === address) return false;
    return address !== layoutAddress || !this.given.includes(named);
  }

  #followNotes(): void {
    this.#byPartition = [];
    if (this.#ring !== undefined) this.#dropStrangers(this.#ring);
  }

  /** Closes what was learned, is not where a member is now, and is idle. */
  #dropStrangers(ring: Ring): void {
    const addresses = new Set(
      ring.layout.roles.map(({ name, address }) => this.#notes.addressOf(name) ?? address),
    );
    for (const [address, session] of this.#byAddress) {
      if (addresses.has(address) || this.given.includes(session) || session.load > 0) continue;
      // A member that works where nobody expects it is none.
      if (session.isReady() && ring.roleByName(session.node ?? '') !== undefined) continue;
      this.#byAddress.delete(address);
      this.#expected.delete(session);
      this.#notes.drop(session);
      if (session.node !== undefined && this.#byName.get(session.node) === session) {
        this.#byName.delete(session.node);
      }
      const closing = session.close().finally(() => this.#closing.delete(closing));
      this.#closing.add(closing);
    }
    this.#all = [...this.#byAddress.values()];
  }
}
