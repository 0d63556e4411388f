/** Every canary. A bug that the simulator cannot reach is named in docs/simulation.md, with why. */
import type { Canary } from './canary.ts';
import { QUORUM_CANARIES } from './quorums.ts';
import { STORAGE_CANARIES } from './storage.ts';
import { VERSION_CANARIES } from './versions.ts';

export const CANARIES: readonly Canary[] = [
  ...STORAGE_CANARIES,
  ...VERSION_CANARIES,
  ...QUORUM_CANARIES,
];
