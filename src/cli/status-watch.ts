/** `coterie status --watch`: asks again after each interval, until SIGINT or SIGTERM, over one
 *  connection. A node that does not answer is said, and asked again; of several that were named the
 *  next one is asked then. On a terminal each picture takes the place of the one before. */
import type { CoterieError } from '../core/errors.ts';
import { ERROR_CODES } from '../core/errors.ts';
import { duration } from './duration.ts';
import { errorJson, errorText, toCoterieError } from './error-report.ts';
import type { AdminConnection, CliContext } from './ports.ts';
import { isoTime } from './result-json.ts';

export interface WatchOptions<Reply> {
  /** `HOST:PORT`, at least one. */
  readonly nodes: readonly string[];
  /** From an answer to the next question. */
  readonly intervalMs: number;
  /** For each answer. */
  readonly timeoutMs: number;
  readonly isJson: boolean;
  readonly ask: (admin: AdminConnection) => Promise<Reply>;
  readonly show: (reply: Reply) => string;
  /** Whose view it is, of which that node was asked. */
  readonly origin: (node: string) => string;
}

/** Ends without an error when the process is told to stop. Errors: those that asking again does not
 *  mend. */
export async function watchStatus<Reply>(
  context: CliContext,
  options: WatchOptions<Reply>,
): Promise<void> {
  const end = new End(context.ports.stopSignal());
  const picture = new Picture(context, options);
  let connection: AdminConnection | undefined;
  try {
    for (let at = 0; !end.isReached; ) {
      const node = options.nodes[at % options.nodes.length] ?? '';
      connection ??= await context.ports.connectAdmin(node, { timeoutMs: options.timeoutMs });
      const answer = await end.before(answerOf(connection, options.ask));
      if (answer === undefined) break;
      if ('reply' in answer) {
        await picture.answered(node, answer.reply);
      } else {
        await picture.silent(node, answer.error);
        if (options.nodes.length > 1) {
          at += 1;
          await connection.close();
          connection = undefined;
        }
      }
      await end.wait(context, options.intervalMs);
    }
  } finally {
    await connection?.close();
  }
}

type Answer<Reply> = { readonly reply: Reply } | { readonly error: CoterieError };

async function answerOf<Reply>(
  admin: AdminConnection,
  ask: WatchOptions<Reply>['ask'],
): Promise<Answer<Reply>> {
  try {
    return { reply: await ask(admin) };
  } catch (thrown) {
    const error = toCoterieError(thrown);
    const { family } = ERROR_CODES[error.code];
    if (family === 'availability' || family === 'state') return { error };
    throw error;
  }
}

/** The signal to stop, which cuts every wait short. */
class End {
  isReached = false;
  #cut: () => void = () => undefined;

  constructor(signal: Promise<unknown>) {
    void signal.then(() => {
      this.isReached = true;
      this.#cut();
    });
  }

  /** Undefined when the end comes first. */
  before<T>(work: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      this.#cut = () => resolve(undefined);
      if (this.isReached) resolve(undefined);
      work.then(resolve, reject);
    });
  }

  wait({ clock }: CliContext, timeMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = clock.setTimer(timeMs, resolve);
      this.#cut = () => {
        timer.cancel();
        resolve();
      };
      if (this.isReached) this.#cut();
    });
  }
}

const CURSOR_HOME = '\u001b[H';
const ERASE_LINE_REST = '\u001b[K';
const ERASE_BELOW = '\u001b[J';

class Picture<Reply> {
  readonly #context: CliContext;
  readonly #options: WatchOptions<Reply>;
  /** The last answer as it was shown, and when (monotonic). */
  #last: { readonly text: string; readonly atMs: number } | undefined;

  constructor(context: CliContext, options: WatchOptions<Reply>) {
    this.#context = context;
    this.#options = options;
  }

  async answered(node: string, reply: Reply): Promise<void> {
    const { terminal, clock } = this.#context;
    const { isJson, show } = this.#options;
    const text = show(reply);
    this.#last = { text, atMs: clock.monotonicMs() };
    if (isJson) await terminal.write(text);
    else if (terminal.isTerminal) await this.#draw(`${this.#title(node)}\n\n${text}`);
    else await terminal.write(`${this.#title(node)}\n${text}\n`);
  }

  async silent(node: string, error: CoterieError): Promise<void> {
    const { terminal, clock } = this.#context;
    if (this.#options.isJson) return terminal.writeError(errorJson(error));
    if (!terminal.isTerminal) return terminal.writeError(`${this.#now()} ${errorText(error)}`);
    const { text, atMs } = this.#last ?? {};
    const fault = terminal.colors.red(`${node} does not answer: ${error.message}`);
    const ago = duration((clock.monotonicMs() - (atMs ?? 0)) / 1_000);
    const before = text === undefined ? '' : `\nWhat was seen ${ago} ago:\n\n${text}`;
    await this.#draw(`${this.#title(node)}\n\n${fault}\n${before}`);
  }

  #title(node: string): string {
    const { origin, intervalMs } = this.#options;
    return `${this.#now()} ${origin(node)}, every ${intervalMs} ms`;
  }

  #now(): string {
    return isoTime(this.#context.clock.wallMs());
  }

  /** Over what is there, and what is left of it erased: nothing is ever blank in between. */
  #draw(text: string): Promise<void> {
    const lines = text.replaceAll('\n', `${ERASE_LINE_REST}\n`);
    return this.#context.terminal.write(`${CURSOR_HOME}${lines}${ERASE_BELOW}`);
  }
}
