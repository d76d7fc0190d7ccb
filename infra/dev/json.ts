export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

export const hasStrings = <Name extends string>(
  value: unknown,
  names: readonly Name[],
): value is Record<Name, string> => isRecord(value) && names.every((name) => typeof value[name] === 'string');

/** Returns undefined for invalid JSON, such as a half-written file. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Whether this is a Node system error with that code. Under jest, `instanceof Error` is false for Node's
 * errors.
 */
export const hasCode = (error: unknown, code: string): boolean => isRecord(error) && error['code'] === code;
