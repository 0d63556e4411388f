/** The log port over pino: one JSON object a line, `event` names what happened. */
import { type DestinationStream, destination, type Logger, pino, stdTimeFunctions } from 'pino';
import type { Log, LogFields } from '../../env/log.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface PinoLogOptions {
  /** Events below it are dropped before they are formatted. */
  readonly level: LogLevel;
  /** Standard error by default, so that standard output stays what a command prints. */
  readonly destination?: DestinationStream;
}

/** Standard error's file descriptor. */
const STDERR = 2;
/** Lines that a slow reader has not taken yet; beyond it lines are dropped rather than the node
 *  held up. */
const BUFFERED_BYTES_MAX = 1_024 * 1_024;

export class PinoLog implements Log {
  readonly #logger: Logger;

  constructor(options: PinoLogOptions) {
    const settings = {
      level: options.level,
      base: {},
      messageKey: 'event',
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
    };
    this.#logger = pino(settings, options.destination ?? toStandardError());
  }

  debug(event: string, fields: LogFields = {}): void {
    this.#logger.debug(fields, event);
  }

  info(event: string, fields: LogFields = {}): void {
    this.#logger.info(fields, event);
  }

  warn(event: string, fields: LogFields = {}): void {
    this.#logger.warn(fields, event);
  }

  error(event: string, fields: LogFields = {}): void {
    this.#logger.error(fields, event);
  }
}

/** Drops everything. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
};

/** Not synchronous: a reader that stalls must not stall the node. What is buffered is written when
 *  the process exits. */
function toStandardError(): DestinationStream {
  return destination({ dest: STDERR, sync: false, maxLength: BUFFERED_BYTES_MAX });
}
