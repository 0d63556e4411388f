/** A log of which every line says which node wrote it: several nodes share a terminal, and in one
 *  process a log.
 *  Invariant: `node` is the first field and only once; a line of another node's name is told with
 *  `member`.
 *  Not here: writing lines (pino-log.ts). */
import type { Log, LogFields } from '../../env/log.ts';

export class NamedLog implements Log {
  readonly #log: Log;
  readonly #name: () => string;

  /** `name`: asked for each line, because a node without a name learns it from its folder or its
   *  port; empty: not known yet. */
  constructor(log: Log, name: () => string) {
    this.#log = log;
    this.#name = name;
  }

  debug(event: string, fields?: LogFields): void {
    this.#log.debug(event, this.#named(fields));
  }

  info(event: string, fields?: LogFields): void {
    this.#log.info(event, this.#named(fields));
  }

  warn(event: string, fields?: LogFields): void {
    this.#log.warn(event, this.#named(fields));
  }

  error(event: string, fields?: LogFields): void {
    this.#log.error(event, this.#named(fields));
  }

  #named(fields: LogFields = {}): LogFields {
    const node = this.#name();
    return node === '' ? fields : { node, ...fields };
  }
}
