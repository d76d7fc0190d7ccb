import { readIfThere } from './files.ts';
import { isRecord, parseJson } from './json.ts';

/**
 * More variables for single processes, by instance (`gateway-2`, `postgres`), from the JSON file that SWITCHBOARD_OVERRIDES
 * names: with them the chaos suite puts a hostile network and a wrong clock between a process and the world.
 */
export function overridesFor(instance: string): Record<string, string> {
  const file = process.env['SWITCHBOARD_OVERRIDES'];
  const all = file === undefined ? undefined : parseJson(readIfThere(file) ?? '');
  const own = isRecord(all) ? all[instance] : undefined;
  const entries = isRecord(own) ? Object.entries(own) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
