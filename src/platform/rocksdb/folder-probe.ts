/** Did the last process die of what it was reading? It left a note of that (reading-notes.ts).
 *  kill -9 leaves one as well, so the engine is asked to read there again, in a process of its own:
 *  on a damaged block it may not answer but end.
 *  Invariants: only an end that the engine is known for counts as damage, and only once it was
 *  loaded: a process that was killed, or never came up, says nothing; nothing is inherited from
 *  this process, its terminal included; nothing outlives the answer.
 *  Not here: what is read (probe-ranges.ts), what damage leads to (rocksdb-folder.ts). */
import { type ChildProcess, spawn } from 'node:child_process';
import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ENGINE_LOADED, FOUND_DAMAGED } from './probe-answer.ts';

export type ProbeAnswer =
  | { readonly kind: 'sound' }
  | { readonly kind: 'damaged'; readonly reason: string }
  /** Nothing was learned. */
  | { readonly kind: 'unknown'; readonly reason: string };

/** Of a process that the operating system ends for what it did itself; the engine's assertions are
 *  SIGABRT. */
const CRASHES: readonly string[] = ['SIGABRT', 'SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGTRAP'];
/** Longer than the engine takes for two full write buffers of log and all that may be noted. */
const PROBE_MS = 30_000;
const OUTPUT_CHARACTERS_MAX = 2_000;
const BESIDE = new URL('./probe-main.js', import.meta.url);
/** From the sources (the tests) the built one is started: Node.js 20 runs no TypeScript. */
const BUILT = new URL('../../../dist/platform/rocksdb/probe-main.js', import.meta.url);
const SCRIPT = fileURLToPath(import.meta.url.endsWith('.ts') ? BUILT : BESIDE);

/** Costs the start of a process, some 0.1 s. Never rejects. */
export async function probeFolder(location: string, script = SCRIPT): Promise<ProbeAnswer> {
  // A program with Node.js packed into it would start itself anew.
  if (!isNode()) return { kind: 'unknown', reason: `${process.execPath} is not Node.js` };
  try {
    return await answerOf(start(script, location));
  } catch (error) {
    return { kind: 'unknown', reason: error instanceof Error ? error.message : String(error) };
  }
}

function start(script: string, location: string): ChildProcess {
  return spawn(process.execPath, [script, resolve(location)], {
    // It ends when its input does, which is when this process is gone.
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ELECTRON_RUN_AS_NODE: '1' },
    timeout: PROBE_MS,
    killSignal: 'SIGKILL',
    windowsHide: true,
  });
}

function isNode(): boolean {
  return process.versions['electron'] !== undefined || /^node/i.test(basename(process.execPath));
}

function answerOf(child: ChildProcess): Promise<ProbeAnswer> {
  let output = '';
  // Nothing is written to it; a pipe that breaks with the child must not break this process.
  child.stdin?.on('error', () => {});
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(0, OUTPUT_CHARACTERS_MAX);
  });
  return new Promise((settle, fail) => {
    child.on('error', fail);
    child.on('close', (code, signal) => {
      const isLoaded = output.startsWith(ENGINE_LOADED);
      const words = isLoaded ? output.slice(ENGINE_LOADED.length) : output;
      if (code === 0) settle({ kind: 'sound' });
      else if (code === FOUND_DAMAGED) settle({ kind: 'damaged', reason: words });
      else if (isLoaded && signal !== null && CRASHES.includes(signal)) {
        const reason = `RocksDB ends a process that reads there (${signal}), as the last one`;
        settle({ kind: 'damaged', reason });
      } else settle({ kind: 'unknown', reason: whyUnknown(child.killed, code, signal, words) });
    });
  });
}

function whyUnknown(isLate: boolean, code: number | null, signal: string | null, words: string) {
  if (isLate) return `it took longer than ${PROBE_MS / 1_000} s`;
  return words || (signal === null ? `it ended with ${code}` : `it was ended by ${signal}`);
}
