/** What the process that runs a benchmark and its client processes say to each other. Both are of
 *  one version, so there is none in it. Messages are plain objects and pass through JSON. */
import type { CoterieError, ErrorCode } from '../core/errors.ts';
import type { LoadOptions, LoadProgress } from './load-run.ts';
import type { EncodedOutcomes } from './outcomes.ts';
import type { CellOptions, EncodedSlice, Timeline, TimelineOptions } from './quorum/quorum-cell.ts';

export interface ConnectCommand {
  readonly do: 'connect';
  readonly nodes: readonly string[];
  /** Of requests. */
  readonly timeoutMs: number;
  readonly inFlightMax: number;
}

export type WorkerCommand =
  | ConnectCommand
  | { readonly do: 'load'; readonly options: LoadOptions; readonly isLoading: boolean }
  | { readonly do: 'warm-up' }
  | { readonly do: 'measure' }
  | { readonly do: 'cell'; readonly name: string; readonly options: CellOptions }
  | { readonly do: 'slice'; readonly name: string }
  | ({ readonly do: 'timelines'; readonly names: readonly string[] } & TimelineOptions);

export type CommandOf<Name extends WorkerCommand['do']> = Extract<
  WorkerCommand,
  { readonly do: Name }
>;

/** As load-slices.ts has it. */
export interface EncodedLoadSlice {
  readonly seconds: number;
  readonly outcomes: EncodedOutcomes;
}

export interface EncodedLoadResult {
  readonly elapsedSeconds: number;
  readonly slices: readonly EncodedLoadSlice[];
  readonly unstarted: number;
  /** Of the client process, while it measured. */
  readonly processorSeconds: number;
}

/** A slice of one cell. */
export interface MeasuredSlice extends EncodedSlice {
  readonly processorSeconds: number;
}

export interface WorkerAnswers {
  readonly connect: null;
  readonly load: null;
  readonly 'warm-up': null;
  readonly measure: EncodedLoadResult;
  readonly cell: null;
  readonly slice: MeasuredSlice;
  /** In the order of the names. */
  readonly timelines: readonly Timeline[];
}

export type ToWorker =
  | { readonly kind: 'command'; readonly id: number; readonly command: WorkerCommand }
  | { readonly kind: 'progress' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'close' };

export interface EncodedError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export type FromWorker =
  | { readonly kind: 'started' }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'refusal'; readonly id: number; readonly error: EncodedError }
  | { readonly kind: 'progress'; readonly progress: LoadProgress };

export function encodeError({ code, message, details }: CoterieError): EncodedError {
  return { code, message, details };
}
