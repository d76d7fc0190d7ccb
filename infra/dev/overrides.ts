import { readIfThere } from './files.ts';
import { isRecord, parseJson } from './json.ts';

/**
 * More variables for single processes, by instance (`gateway-2`, `postgres`), from the JSON file of
 * SWITCHBOARD_OVERRIDES. The chaos suite uses it to insert network proxies and a wrong clock.
 */
export function overridesFor(instance: string): Record<string, string> {
  const file = process.env['SWITCHBOARD_OVERRIDES'];
  const all = file === undefined ? undefined : parseJson(readIfThere(file) ?? '');
  const own = isRecord(all) ? all[instance] : undefined;
  const entries = isRecord(own) ? Object.entries(own) : [];
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
