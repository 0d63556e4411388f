/** A headless Chromium, driven over its pipe by the DevTools protocol: one page, what it complained
 *  of and what it asked of the network. Only where one is installed; nothing is downloaded. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { type TemporaryFolder, temporaryFolder } from './processes.ts';

const PLACES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const ANSWER_DEADLINE_MS = 20_000;
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--remote-debugging-pipe',
];

/** undefined where there is none. */
export function chromiumPath(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(':');
  const paths = folders.flatMap((folder) => PLACES.map((name) => `${folder}/${name}`));
  return paths.find((path) => existsSync(path));
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export interface View {
  readonly width: number;
  readonly scheme: 'light' | 'dark';
}

export class Chromium implements AsyncDisposable {
  /** Errors and warnings of the console, and exceptions. */
  readonly complaints: string[] = [];
  /** Addresses that the page asked for, except its own file. */
  readonly requests: string[] = [];
  readonly #child: ChildProcess;
  readonly #folder: TemporaryFolder;
  readonly #waiting = new Map<number, Waiting>();
  #session: string | undefined;
  #lastId = 0;
  #received = '';
  #onLoad: (() => void) | undefined;

  private constructor(child: ChildProcess, folder: TemporaryFolder) {
    this.#child = child;
    this.#folder = folder;
    const pipe = child.stdio[4] as Readable;
    pipe.setEncoding('utf8').on('data', (text: string) => this.#receive(text));
    child.on('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('Chromium ended'));
    });
  }

  static async start(path: string): Promise<Chromium> {
    const folder = await temporaryFolder();
    const flags = [...FLAGS, `--user-data-dir=${folder.path}`, 'about:blank'];
    const child = spawn(path, flags, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    const browser = new Chromium(child, folder);
    const { targetInfos } = await browser.ask<{
      targetInfos: readonly { readonly targetId: string; readonly type: string }[];
    }>('Target.getTargets');
    const targetId = targetInfos.find(({ type }) => type === 'page')?.targetId;
    const attached = await browser.ask<{ sessionId: string }>('Target.attachToTarget', {
      targetId,
      flatten: true,
    });
    browser.#session = attached.sessionId;
    for (const domain of ['Page', 'Runtime', 'Log', 'Network'])
      await browser.ask(`${domain}.enable`);
    return browser;
  }

  /** Opens a file anew. */
  async open(file: string, { width, scheme }: View): Promise<void> {
    this.complaints.length = 0;
    this.requests.length = 0;
    await this.ask('Emulation.setDeviceMetricsOverride', {
      width,
      height: 900,
      deviceScaleFactor: 1,
      mobile: false,
    });
    await this.setScheme(scheme);
    const loaded = new Promise<void>((resolve) => {
      this.#onLoad = resolve;
    });
    await this.ask('Page.navigate', { url: pathToFileURL(file).href });
    await loaded;
  }

  async setScheme(scheme: View['scheme']): Promise<void> {
    await this.ask('Emulation.setEmulatedMedia', {
      features: [{ name: 'prefers-color-scheme', value: scheme }],
    });
  }

  /** What an expression of the page comes to. */
  async evaluate<Value>(expression: string): Promise<Value> {
    const { result, exceptionDetails } = await this.ask<{
      readonly result: { readonly value: Value };
      readonly exceptionDetails?: unknown;
    }>('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return result.value;
  }

  async press(key: string): Promise<void> {
    await this.ask('Input.dispatchKeyEvent', { type: 'keyDown', key });
    await this.ask('Input.dispatchKeyEvent', { type: 'keyUp', key });
  }

  /** One request of the DevTools protocol. */
  ask<Result>(method: string, params: object = {}): Promise<Result> {
    this.#lastId += 1;
    const id = this.#lastId;
    const session = this.#session === undefined ? {} : { sessionId: this.#session };
    const pipe = this.#child.stdio[3] as Writable;
    pipe.write(`${JSON.stringify({ id, method, params, ...session })}\0`);
    return new Promise<Result>((resolve, reject) => {
      const late = () => reject(new Error(`Chromium did not answer ${method}`));
      const timer = setTimeout(late, ANSWER_DEADLINE_MS);
      const settle = (end: () => void): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        end();
      };
      this.#waiting.set(id, {
        resolve: (result) => settle(() => resolve(result as Result)),
        reject: (error) => settle(() => reject(error)),
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await ended;
    await this.#folder[Symbol.asyncDispose]();
  }

  #receive(text: string): void {
    const parts = (this.#received + text).split('\0');
    this.#received = parts.pop() ?? '';
    for (const part of parts) this.#take(JSON.parse(part));
  }

  #take({ id, method, params, result, error }: Message): void {
    if (id !== undefined) {
      const waiting = this.#waiting.get(id);
      if (error === undefined) waiting?.resolve(result);
      else waiting?.reject(new Error(error.message));
      return;
    }
    const told = JSON.stringify(params);
    if (method === 'Page.loadEventFired') this.#onLoad?.();
    if (method === 'Runtime.exceptionThrown' || method === 'Log.entryAdded') {
      this.complaints.push(told);
    }
    if (method === 'Runtime.consoleAPICalled') this.complaints.push(told);
    if (method === 'Network.requestWillBeSent') {
      const request = params?.['request'] as { readonly url: string } | undefined;
      if (request?.url.startsWith('file:') !== true) this.requests.push(String(request?.url));
    }
  }
}
