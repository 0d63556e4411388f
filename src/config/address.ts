/** `HOST:PORT`, `[IPv6]:PORT` as written in configurations and on command lines. */

export interface Address {
  /** Without brackets. */
  readonly host: string;
  /** 0..65,535; 0 asks the system for a free one. */
  readonly port: number;
}

const ADDRESS = /^(?:\[([0-9A-Fa-f:.%]+)\]|([A-Za-z0-9](?:[A-Za-z0-9._-]{0,252})?)):([0-9]{1,5})$/;
const WILDCARD_HOSTS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** Undefined when the text is not an address. */
export function parseAddress(text: string): Address | undefined {
  const match = ADDRESS.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || !(port <= 65_535)) return undefined;
  return { host, port };
}

export function formatAddress(address: Address): string {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}

/** Can another machine, or a later process, dial this text as it is. */
export function isDialable(text: string): boolean {
  const address = parseAddress(text);
  return address !== undefined && address.port !== 0 && !WILDCARD_HOSTS.has(address.host);
}
