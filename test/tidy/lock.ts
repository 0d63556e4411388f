/** Can `npm ci` work from this lock file, on any platform and from any registry. */
import type { Finding } from './sources.ts';

interface LockedPackage {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const KINDS = ['dependencies', 'devDependencies', 'optionalDependencies'] as const;

/** npm leaves a package out of the lock file when it cannot fetch it for another platform, and `npm
 *  ci` then refuses the whole file; and a package.json edited by hand leaves the two apart. */
export function checkLock(manifestText: string, lockText: string): readonly Finding[] {
  const manifest = JSON.parse(manifestText) as LockedPackage;
  const { packages } = JSON.parse(lockText) as { packages: Record<string, LockedPackage> };
  const findings: Finding[] = [];
  const report = (message: string): void => {
    findings.push({ rule: 'lock', path: 'package-lock.json', line: 0, message });
  };
  for (const kind of KINDS) {
    const wanted = JSON.stringify(Object.entries(manifest[kind] ?? {}).sort());
    const locked = JSON.stringify(Object.entries(packages['']?.[kind] ?? {}).sort());
    if (wanted !== locked) report(`its ${kind} are not those of package.json: run npm install`);
  }
  for (const [path, { dependencies, optionalDependencies }] of Object.entries(packages)) {
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      if (isLocked(packages, path, name)) continue;
      report(`has no entry for ${name}, which ${path || 'package.json'} names`);
    }
  }
  return findings;
}

/** A package is looked for beside the one that names it, then in each folder above. */
function isLocked(
  packages: Readonly<Record<string, unknown>>,
  path: string,
  name: string,
): boolean {
  for (
    let folder = path;
    ;
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))
  ) {
    if (Object.hasOwn(packages, `${folder === '' ? '' : `${folder}/`}node_modules/${name}`))
      return true;
    if (folder === '') return false;
  }
}
