import { join } from 'node:path';
import { root } from './paths.ts';

/** A program, ready to be spawned. `env` is all of its environment, so that no secret travels further than meant. */
export interface Command {
  file: string;
  args: string[];
  env: Record<string, string>;
}

/** A failure that the person at the terminal can act on: shown as one sentence, without a stack. */
export class LaunchError extends Error {
  override name = 'LaunchError';
}

/** What every program may see of ours: nothing that could be a secret. */
export function plainEnvironment(source: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const plain = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'SystemRoot'];
  // Compiled code is kept between starts, which halves them: a process that died is back the sooner.
  return { NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/node'), ...pick(source, (name) => plain.includes(name)) };
}

export function pick(source: NodeJS.ProcessEnv, wanted: (name: string) => boolean): Record<string, string> {
  const entries = Object.entries(source).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries.filter(([name]) => wanted(name)));
}
