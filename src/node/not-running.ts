/** What a node answers while it does not run: streams are ended, requests refused.
 *  Invariant: nothing is done for them, so every refusal is `applied: no`.
 *  Not here: the states of a node that runs (node.ts). */
import { CoterieError } from '../core/errors.ts';
import type { FrameStream, StreamHandlers } from '../env/transport.ts';
import type { KvService } from '../wire/services.ts';

export function refuseStream(stream: FrameStream): StreamHandlers {
  stream.close();
  return { frame: () => {}, closed: () => {} };
}

export const NOT_STARTED: KvService = {
  get: () => Promise.reject(notStarted()),
  put: () => Promise.reject(notStarted()),
  delete: () => Promise.reject(notStarted()),
};

function notStarted(): CoterieError {
  return new CoterieError('NOT_RUNNING', 'This node is not started yet; try again');
}
