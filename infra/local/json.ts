export const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

export const hasStrings = <Name extends string>(value: unknown, names: readonly Name[]): value is Record<Name, string> =>
  isRecord(value) && names.every((name) => typeof value[name] === 'string');

/** Undefined for what is not JSON, as a file that its writer never finished. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
