/** Where output goes: bytes and text to the standard streams, colours only when a person looks at
 *  them. */
import picocolors from 'picocolors';
import type { ProcessEnvironment } from '../config/load.ts';

export type Colors = ReturnType<typeof picocolors.createColors>;

export interface Terminal {
  /** Standard output is a terminal: tables, bars and escaped control characters. */
  readonly isTerminal: boolean;
  /** Standard error is one: progress is shown. */
  readonly isErrorTerminal: boolean;
  /** How wide standard output is; undefined: it does not tell. */
  readonly columns?: number | undefined;
  readonly colors: Colors;
  readonly errorColors: Colors;
  /** Standard input. */
  readonly input: AsyncIterable<Uint8Array>;
  write(content: string | Uint8Array): Promise<void>;
  writeError(text: string): Promise<void>;
}

export function processTerminal(environment: ProcessEnvironment): Terminal {
  const isTerminal = process.stdout.isTTY === true;
  const isColorful = !environment['NO_COLOR'] && environment['TERM'] !== 'dumb';
  // Whoever reads our output may go away first (`coterie get k | head -1`); that is no fault.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      process.exit();
    });
  }
  const isErrorTerminal = process.stderr.isTTY === true;
  return {
    isTerminal,
    isErrorTerminal,
    // Asked each time: a window can be made wider while it is watched.
    get columns() {
      return process.stdout.columns;
    },
    colors: picocolors.createColors(isTerminal && isColorful),
    errorColors: picocolors.createColors(isErrorTerminal && isColorful),
    input: process.stdin,
    write: (content) => writeTo(process.stdout, content),
    writeError: (text) => writeTo(process.stderr, text),
  };
}

/** Resolves when the content has left the process, so that exiting afterwards cuts nothing off. */
function writeTo(stream: NodeJS.WriteStream, content: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    stream.write(content, () => resolve());
  });
}
