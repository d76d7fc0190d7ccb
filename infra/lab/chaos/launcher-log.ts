import { readFileSync } from 'node:fs';

export interface Death {
  readonly name: string;
  /** `exit code 0`, `SIGKILL` … */
  readonly how: string;
}

/** Returns the deaths that the launcher logged, in order. */
export const deathsIn = (log: string): Death[] =>
  [...readFileSync(log, 'utf8').matchAll(/^· (\S+) died \(([^)]*)\)/gm)].map(([, name = '', how = '']) => ({
    name,
    how,
  }));

/**
 * Returns the unexpected failures of requests and events: each log line of level `error` with an error and a
 * trace id. It matches no phrase.
 */
export function unforeseenIn(log: string): string[] {
  const errors = readFileSync(log, 'utf8')
    .split('\n')
    .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : []))
    .filter(({ level, err, trace_id }) => Number(level) >= 50 && err !== undefined && trace_id !== undefined)
    .map(({ msg, err }) => `${String(msg)}: ${JSON.stringify(err).slice(0, 600)}`);
  return [...new Set(errors)];
}
