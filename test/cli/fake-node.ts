/** A node as far as administration sees it. */
import type { AdminConnection } from '../../src/cli/ports.ts';
import type { CoterieError } from '../../src/core/errors.ts';
import { decodeLayout } from '../../src/core/ring/layout.ts';
import type {
  MemberStatus,
  ReserveReply,
  StatusReply,
} from '../../src/wire/generated/coterie/v1/admin.ts';

/** It takes one reservation and keeps the layout it adopted; its status shows what it has found. */
export class FakeNode {
  readonly reply: ReserveReply;
  adopted = 0;
  failAdopt: CoterieError | undefined;
  /** Of its status, beside itself. */
  found: readonly MemberStatus[] = [];

  constructor(number: number) {
    this.reply = {
      name: `n${number}`,
      address: `h${number}:1`,
      zone: `z${number}`,
      datacentre: 'dc-1',
      weight: number,
      storeId: new Uint8Array(16).fill(number),
      layout: new Uint8Array(),
    };
  }

  get admin(): Partial<AdminConnection> {
    return {
      status: async () => this.#status(),
      reserve: async () => ({ ...this.reply }),
      adopt: async ({ layout }) => {
        if (this.failAdopt !== undefined) throw this.failAdopt;
        this.adopted += 1;
        this.reply.layout = layout;
        return {};
      },
      layout: async () => ({ layout: this.reply.layout }),
    };
  }

  #status(): StatusReply {
    const { name, address, layout } = this.reply;
    const self = memberStatus({ name, address, link: 'self' });
    if (layout.length === 0) {
      return statusReply({ node: name, address, members: [self, ...this.found] });
    }
    const { clusterId, version, roles } = decodeLayout(layout);
    const members = roles.map((role) => {
      const link = role.name === name ? 'self' : 'connected';
      return memberStatus({ ...role, link, inLayout: true });
    });
    return statusReply({ node: name, address, clusterId, layoutVersion: version, members });
  }
}

export function memberStatus(more: Partial<MemberStatus> = {}): MemberStatus {
  return {
    index: 0,
    name: 'n1',
    address: 'h1:1',
    zone: 'z1',
    datacentre: 'dc-1',
    weight: 1,
    link: 'closed',
    detail: '',
    inFlight: 0,
    replicas: 0,
    inLayout: false,
    id: 'ab'.repeat(16),
    state: 'ALIVE',
    phi: 0,
    generation: 1_790_000_123_456,
    incarnation: 0,
    lastEvidenceMs: undefined,
    clockOffsetMs: undefined,
    diskPercent: 42,
    layoutVersion: 0,
    standing: '',
    ...more,
  };
}

export function statusReply(more: Partial<StatusReply> = {}): StatusReply {
  return {
    node: 'n1',
    address: 'h1:1',
    clusterId: new Uint8Array(),
    layoutVersion: 0,
    layoutHash: new Uint8Array(),
    partitions: 0,
    replicas: 0,
    state: 'UNINITIALISED',
    reason: '',
    members: [],
    run: 4,
    commitSeq: 17,
    keys: 12,
    diskFreeBytes: 5 * 1_024 ** 3,
    diskTotalBytes: 10 * 1_024 ** 3,
    version: '0.1.0',
    uptimeSeconds: 93_784,
    engine: 'rocksdb',
    tombstones: 0,
    unreadableKeys: 0,
    ...more,
  };
}
