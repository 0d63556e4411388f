/** A member as far as repairs see it: its exchanges are proved equal when the test says so. */
import type { AdminConnection } from '../../src/cli/ports.ts';
import type {
  PairState,
  RepairRequest,
  RepairStatusReply,
} from '../../src/wire/generated/coterie/v1/admin.ts';
import { memberStatus, statusReply } from './fake-node.ts';

export class RepairedNode {
  readonly asked: RepairRequest[] = [];
  reply: RepairStatusReply;
  /** Called at each look, before the answer. */
  onLook: (reply: RepairStatusReply) => void = () => undefined;

  readonly name: string;
  readonly members: readonly string[];

  constructor(name: string, members: readonly string[]) {
    this.name = name;
    this.members = members;
    this.reply = repairReply({ node: name });
  }

  get admin(): Partial<AdminConnection> {
    return {
      status: async () => this.#status(),
      repairStatus: async () => {
        this.onLook(this.reply);
        return { ...this.reply };
      },
      repair: async (request) => {
        this.asked.push(request);
        return { nowMs: this.reply.nowMs, pairs: this.reply.pairs.length };
      },
    };
  }

  #status() {
    const members = this.members.map((name, index) =>
      memberStatus({ name, index, address: addressOf(name), inLayout: true }),
    );
    return statusReply({ node: this.name, members });
  }
}

export function addressOf(name: string): string {
  return `${name}:1`;
}

export function repairReply(more: Partial<RepairStatusReply> = {}): RepairStatusReply {
  return {
    node: 'n1',
    nowMs: 1_000,
    debt: 0,
    hints: [],
    pairs: [],
    rebuild: undefined,
    unreadableKeys: 0,
    scrub: undefined,
    ...more,
  };
}

export function pairState(more: Partial<PairState> = {}): PairState {
  return {
    partition: 0,
    peer: 'n2',
    lastEqualMs: undefined,
    differing: 0,
    found: 0,
    sentBytes: 0,
    receivedBytes: 0,
    differingBytes: 0,
    failure: '',
    ...more,
  };
}
