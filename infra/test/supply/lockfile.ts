import { isRecord } from '../../dev/json.ts';
import { floors } from './floors.ts';
import { allowed, allowedInDevelopment } from './install-scripts.ts';
import { isBelow } from './version.ts';

interface Package {
  path: string;
  /** The real one: under an alias the path says another. */
  name: string;
  version: string;
  integrity: unknown;
  /** Where it comes from, if not from the registry: `.npmrc` has the registry's own addresses left out. */
  resolved: string | undefined;
  link: boolean;
  dev: boolean;
  hasInstallScript: boolean;
}

/**
 * What is wrong with a parsed package-lock.json, a sentence each. What cannot be read as a lockfile of
 * version 3 is a finding itself; a package that leaves out what is asked of it has it wrong.
 */
export function lockfileFindings(lockfile: unknown): string[] {
  if (!isRecord(lockfile) || lockfile['lockfileVersion'] !== 3 || !isRecord(lockfile['packages'])) {
    return ['package-lock.json is not of version 3: nothing in it could be checked'];
  }
  const { '': root, ...others } = lockfile['packages'];
  const workspaces = isRecord(root) && Array.isArray(root['workspaces']) ? root['workspaces'] : [];
  return Object.entries(others).flatMap(([path, entry]) => {
    const found = packageOf(path, isRecord(entry) ? entry : {});
    const own = workspaces.includes(found.link ? found.resolved : path);
    return own
      ? scriptFindings(found)
      : [...originFindings(found), ...scriptFindings(found), ...floorFindings(found)];
  });
}

function packageOf(
  path: string,
  { name, version, integrity, resolved, link, dev, hasInstallScript }: Record<string, unknown>,
): Package {
  return {
    path,
    name: textOr(name, path.split('node_modules/').at(-1) ?? path),
    version: textOr(version, 'no version'),
    integrity,
    resolved: resolved === undefined ? undefined : textOr(resolved, 'what is no address'),
    link: link === true,
    dev: dev === true,
    hasInstallScript: hasInstallScript === true,
  };
}

const textOr = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);

function originFindings({ path, integrity, resolved, link }: Package): string[] {
  if (link) return [`${path} is a link to ${resolved ?? 'nothing'}, which is no workspace`];
  return [
    ...(isStrong(integrity) ? [] : [`${path} has no sha512 integrity`]),
    ...(resolved === undefined ? [] : [`${path} does not come from the registry but from ${resolved}`]),
  ];
}

const isStrong = (integrity: unknown): boolean =>
  typeof integrity === 'string' && /^sha512-[A-Za-z\d+/]{86}==$/.test(integrity);

function scriptFindings({ path, name, dev, hasInstallScript }: Package): string[] {
  if (!hasInstallScript || allowed.includes(name) || (dev && allowedInDevelopment.includes(name))) return [];
  return [`${path} has an install script that nobody allowed`];
}

function floorFindings({ path, name, version }: Package): string[] {
  return floors
    .filter((floor) => floor.name === name && isBelow(version, floor.lowest))
    .map(({ lowest, because }) => `${path} is ${version}, below ${lowest}: ${because}`);
}
