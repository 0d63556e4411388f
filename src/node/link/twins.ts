/** Is the node that greets the member it says it is, or another live one of the same name?
 *  Invariants: another folder under the name, or one that never was in the run that is connected,
 *  is a twin. A later run of the same folder is a restart, unless it comes from elsewhere while the
 *  earlier one still answers: then it is a copy, and what peers remember must not become its run,
 *  or the original would be told after its next start that it has lost data.
 *  Not here: asking whether the earlier one answers (links.ts).
 *  Source: ARCHITECTURE 5.19. */
import { bytesToHex } from '../../core/bytes.ts';
import { CoterieError } from '../../core/errors.ts';
import type { Hello } from '../../wire/generated/coterie/v1/peer.ts';

/** What a connected member has shown; empty before it greeted. */
export interface Greeted {
  name: string;
  storeId: string;
  /** Name of the run that greeted; a later run of the same folder knows it. */
  runId: string;
  address: string;
}

/** `others`: those that are connected. */
export function hasTwin(others: readonly Greeted[], hello: Hello): boolean {
  const storeId = bytesToHex(hello.storeId);
  return others.some(
    (other) =>
      other.name === hello.name && (other.storeId !== storeId || !knowsRun(hello, other.runId)),
  );
}

/** A connected run of that name which is not the one that greets, and was somewhere else. */
export function earlierElsewhere(others: readonly Greeted[], hello: Hello): Greeted | undefined {
  const runId = newestRunOf(hello);
  return others.find(
    (other) =>
      other.name === hello.name && other.runId !== runId && other.address !== hello.address,
  );
}

/** Is this the very node that greeted, in the same run. */
export function isOf({ name, storeId, runId }: Greeted, hello: Hello): boolean {
  const isNamed = hello.name === name && bytesToHex(hello.storeId) === storeId;
  return isNamed && newestRunOf(hello) === runId;
}

export function newestRunOf(hello: Hello): string {
  return bytesToHex(hello.runIds.at(-1) ?? new Uint8Array(0));
}

export function runOf(hello: Hello): { readonly storeId: string; readonly runId: string } {
  return { storeId: bytesToHex(hello.storeId), runId: newestRunOf(hello) };
}

export function namesake(name: string): CoterieError {
  const message = `Another live node already has the name ${name}; stop one of them`;
  return new CoterieError('CONFLICT', message);
}

function knowsRun(hello: Hello, runId: string): boolean {
  return hello.runIds.some((known) => bytesToHex(known) === runId);
}
