/** Between the two ways in which work ends: by a callback where it is hot, by a promise where few
 *  requests come and the steps are easier to read one after the other.
 *  Not here: which work is which. */
import { CoterieError } from '../../core/errors.ts';
import { asCoterieError } from '../../wire/error-codec.ts';
import type { Done } from '../contracts.ts';

/** The outcome of `begin` as a promise. */
export function promised<Result>(begin: (done: Done<Result>) => void): Promise<Result> {
  return new Promise((resolve, reject) => {
    begin((result) => {
      if (result instanceof CoterieError) reject(result);
      else resolve(result);
    });
  });
}

/** The outcome of `work` as a callback. */
export function follow<Result>(work: Promise<Result>, done: Done<Result>): void {
  work.then(done, (error: unknown) => done(asCoterieError(error)));
}
