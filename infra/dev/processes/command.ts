import { join } from 'node:path';
import { root } from '../topology/paths.ts';

/** A program and its arguments. `env` is its whole environment: it inherits no secret by accident. */
export interface Command {
  file: string;
  args: string[];
  env: Record<string, string>;
}

/** An error that the user at the terminal can fix: printed as one sentence, without a stack trace. */
export class LaunchError extends Error {
  override name = 'LaunchError';
}

/** The variables that every program inherits; none of them can hold a secret. */
export function plainEnvironment(source: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const plain = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'SystemRoot'];
  // Node's compile cache halves the start time, and so the time until a process that died is back.
  return {
    NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/node'),
    ...pick(source, (name) => plain.includes(name)),
  };
}

export function pick(source: NodeJS.ProcessEnv, wanted: (name: string) => boolean): Record<string, string> {
  const entries = Object.entries(source).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries.filter(([name]) => wanted(name)));
}
