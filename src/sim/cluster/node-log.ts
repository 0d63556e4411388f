/** What did a node say, and when? The last lines of its log, over all of its processes, for the
 *  story of a failure.
 *  Invariant: bounded; the oldest lines go first.
 *  Not here: telling the story (report/story.ts). */
import type { Log, LogFields } from '../../env/log.ts';
import type { Kernel } from '../kernel/kernel.ts';

export interface LogLine {
  readonly atUs: number;
  readonly node: string;
  readonly level: keyof Log;
  readonly event: string;
  readonly fields: LogFields;
}

/** Of one node. */
const LINES_MAX = 500;

export class NodeLog implements Log {
  readonly #kernel: Kernel;
  readonly #node: string;
  readonly #onLine: (line: LogLine) => void;
  readonly #lines: LogLine[] = [];
  #oldest = 0;

  /** `onLine` hears every line, also those that are forgotten later. */
  constructor(kernel: Kernel, node: string, onLine: (line: LogLine) => void) {
    this.#kernel = kernel;
    this.#node = node;
    this.#onLine = onLine;
  }

  /** In the order of time. */
  get lines(): readonly LogLine[] {
    return [...this.#lines.slice(this.#oldest), ...this.#lines.slice(0, this.#oldest)];
  }

  debug(event: string, fields: LogFields = {}): void {
    this.#add('debug', event, fields);
  }

  info(event: string, fields: LogFields = {}): void {
    this.#add('info', event, fields);
  }

  warn(event: string, fields: LogFields = {}): void {
    this.#add('warn', event, fields);
  }

  error(event: string, fields: LogFields = {}): void {
    this.#add('error', event, fields);
  }

  #add(level: keyof Log, event: string, fields: LogFields): void {
    const line = { atUs: this.#kernel.nowUs, node: this.#node, level, event, fields };
    if (this.#lines.length < LINES_MAX) {
      this.#lines.push(line);
    } else {
      this.#lines[this.#oldest] = line;
      this.#oldest = (this.#oldest + 1) % LINES_MAX;
    }
    this.#onLine(line);
  }
}

/** `event a=1 b=2`. */
export function textOfLine({ event, fields }: LogLine): string {
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${value}`);
  return [event, ...pairs].join(' ');
}
