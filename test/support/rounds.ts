/** The same keys written round after round, with values that do not compress: what was
 *  acknowledged of which round, and which round is read. */
import { randomBytes } from 'node:crypto';
import { type Client, CoterieError } from '../../src/index.ts';

export const ROUND_KEYS: readonly string[] = Array.from(
  { length: 100 },
  (_, index) => `key-${index}`,
);
/** Most of a table file is records. */
const VALUE_BYTES = 4_000;

/** The keys whose write was acknowledged. Rejects when a write has another end than that or an
 *  error of ours. */
export async function writeRound(
  to: Client,
  round: number,
  consistency: 'quorum' | 'all' = 'quorum',
): Promise<string[]> {
  const filling = randomBytes(VALUE_BYTES / 2).toString('hex');
  const write = async (key: string): Promise<string | undefined> => {
    try {
      await to.put(key, `${round} ${filling}`, { overwrite: true, consistency });
      return key;
    } catch (error) {
      if (error instanceof CoterieError) return undefined;
      throw error;
    }
  };
  return (await Promise.all(ROUND_KEYS.map(write))).filter((key) => key !== undefined);
}

/** The latest round of which the key has a value. */
export async function roundOf(from: Client, key: string): Promise<number> {
  const { siblings } = await from.get(key, { consistency: 'quorum' });
  const texts = siblings.map(({ value }) => new TextDecoder().decode(value));
  return Math.max(...texts.map((text) => Number.parseInt(text, 10)));
}
