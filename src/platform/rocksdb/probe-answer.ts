/** What the probing process tells the one that started it. */

/** Printed first. A process that died before it has said nothing about the folder. */
export const ENGINE_LOADED = 'loaded\n';
/** Its exit code when the engine found damage, in the words printed. */
export const FOUND_DAMAGED = 20;
