/** Client requests in the metrics: each once, when it is over.
 *  Invariant: the labels of a request that went well are made once and shared, so that counting it
 *  allocates nothing; there are as many as verbs times levels.
 *  Not here: what the metrics are called (env/metrics.ts). */
import type { ErrorCode } from '../../core/errors.ts';
import type { Metrics } from '../../env/metrics.ts';
import type { DeleteRequest, GetRequest, PutRequest } from '../../wire/generated/coterie/v1/kv.ts';
import { levelName } from '../../wire/level-codec.ts';

export type ClientRequest = GetRequest | PutRequest | DeleteRequest;
export type Operation = 'get' | 'put' | 'delete';

interface Labels {
  readonly operation: Operation;
  readonly level: string;
  readonly outcome: string;
}

export class RequestCounts {
  readonly #metrics: Metrics;
  readonly #good: Readonly<Record<Operation, Map<string, Labels>>> = {
    get: new Map(),
    put: new Map(),
    delete: new Map(),
  };

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  /** `seconds`: from taking the request to its reply. */
  note(
    operation: Operation,
    request: ClientRequest,
    outcome: 'ok' | ErrorCode,
    seconds: number,
  ): void {
    const labels = this.#labels(operation, levelLabel(request), outcome);
    this.#metrics.add('coterie_requests_total', labels);
    this.#metrics.observe('coterie_request_seconds', labels, seconds);
  }

  #labels(operation: Operation, level: string, outcome: 'ok' | ErrorCode): Labels {
    if (outcome !== 'ok') return { operation, level, outcome };
    const known = this.#good[operation].get(level);
    if (known !== undefined) return known;
    const made = { operation, level, outcome };
    this.#good[operation].set(level, made);
    return made;
  }
}

function levelLabel(request: ClientRequest): string {
  const isRaw =
    'r' in request ? request.r + request.pr > 0 : request.w + request.pw + request.dw > 0;
  return isRaw ? 'raw' : levelName(request.level);
}
