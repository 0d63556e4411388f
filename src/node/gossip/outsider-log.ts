/** While this node belongs to no cluster: why, as gossip shows it, for whoever asks, and in the log
 *  each time that it is another reason.
 *  Not here: the reasons (core/membership/outsider.ts). */
import type { MemberTable } from '../../core/membership/member-table.ts';
import { adviseOutsider, type OutsiderAdvice } from '../../core/membership/outsider.ts';
import type { Log } from '../../env/log.ts';

export interface OutsiderParts {
  readonly table: MemberTable;
  readonly seeds: ReadonlySet<string>;
}

export class OutsiderLog {
  readonly #log: Log;
  readonly #parts: OutsiderParts;
  #told = '';

  constructor(log: Log, parts: OutsiderParts) {
    this.#log = log;
    this.#parts = parts;
  }

  advice(): OutsiderAdvice {
    const { table, seeds } = this.#parts;
    const records = [...table.entries()].flatMap(({ record }) =>
      record === undefined || record.status === 'LEFT' ? [] : [record],
    );
    return adviseOutsider({ own: table.own, records, seeds });
  }

  /** To be called now and then. Costs O(members) before there is a cluster, and nothing after. */
  weigh(): void {
    if (this.#parts.table.own.clusterId !== '') return;
    const { kind, text } = this.advice();
    if (text === this.#told) return;
    this.#told = text;
    const level = kind === 'renamed' ? 'warn' : 'info';
    this.#log[level]('no-cluster', { reason: text });
  }
}
