import { isRecord } from '../../dev/json.ts';
import { isExact } from './version.ts';

const sections = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies', 'overrides'];

/**
 * Which dependencies a parsed package.json leaves open, a sentence each. What is no object is a finding
 * itself.
 */
export function manifestFindings(file: string, manifest: unknown): string[] {
  if (!isRecord(manifest)) return [`${file} is no package.json`];
  return sections.flatMap((section) =>
    openOnes(manifest[section] ?? {}, section).map(
      (dependency) => `${file} leaves a version open: ${dependency}`,
    ),
  );
}

/** Overrides may be nested. */
function openOnes(dependencies: unknown, path: string): string[] {
  if (isRecord(dependencies))
    return Object.entries(dependencies).flatMap(([name, wanted]) => openOnes(wanted, `${path} ${name}`));
  return typeof dependencies === 'string' && isExact(withoutAlias(dependencies))
    ? []
    : [`${path} ${String(dependencies)}`];
}

/** `npm:typescript@7.0.2` is as exact as the version it ends with. */
const withoutAlias = (wanted: string): string => wanted.replace(/^npm:(@[\w.-]+\/)?[\w.-]+@/, '');

/** As npm reads it: of several lines the last one holds. */
export function npmrcFindings(text: string): string[] {
  const setting = /^\s*ignore-scripts\s*(?:=\s*(.*?))?\s*$/gm;
  const [, value] = [...text.matchAll(setting)].at(-1) ?? [];
  return value === 'true'
    ? []
    : ['.npmrc does not say ignore-scripts=true: packages may run what they like when they are installed'];
}
