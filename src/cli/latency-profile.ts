/** `--profile`: the name of a published latency profile, or a file with a measured one: by itself,
 *  or with the settings that it was measured at. */
import { readFile } from 'node:fs/promises';
import {
  isQuorumReport,
  refuseRunReport,
  reportedProfile,
  type WantedSetting,
} from '../bench/quorum-evidence.ts';
import { CoterieError } from '../core/errors.ts';
import { type LatencyProfile, PROFILE_NAMES, PUBLISHED_PROFILES } from '../core/pbs/profile.ts';
import { decodeProfile } from '../core/pbs/profile-file.ts';

export const PROFILE_HELP: string =
  `${PROFILE_NAMES.join(', ')}, a file of measured latencies, ` +
  'or a report of `bench quorum --json`';

/** Errors: INVALID_ARGUMENT, VERSION_UNSUPPORTED. */
export async function loadProfile(
  nameOrFile: string,
  setting: WantedSetting,
): Promise<LatencyProfile> {
  if (isPublished(nameOrFile)) return PUBLISHED_PROFILES[nameOrFile];
  return loadFile(nameOrFile, (value) =>
    isQuorumReport(value) ? reportedProfile(value, setting) : decodeProfile(value),
  );
}

export function isPublished(name: string): name is (typeof PROFILE_NAMES)[number] {
  return PROFILE_NAMES.some((published) => published === name);
}

/** What a file of JSON holds, which may be given in place of the name of a published profile.
 *  Errors: INVALID_ARGUMENT, VERSION_UNSUPPORTED. */
export async function loadFile<Content>(
  path: string,
  decode: (value: unknown) => Content,
): Promise<Content> {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new CoterieError(
      'INVALID_ARGUMENT',
      `No profile ${path}: it is none of ${PROFILE_NAMES.join(', ')}, and as a file it ` +
        `cannot be read (${error.message})`,
    );
  });
  try {
    const value: unknown = JSON.parse(text);
    refuseRunReport(value);
    return decode(value);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const code = error instanceof CoterieError ? error.code : 'INVALID_ARGUMENT';
    throw new CoterieError(code, `${path}: ${reason}`, { cause: error });
  }
}
