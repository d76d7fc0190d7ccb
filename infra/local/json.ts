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

/** Of a Node system error. By shape: under jest, Node's own errors come from another realm and are no `instanceof Error`. */
export const hasCode = (error: unknown, code: string): boolean => isRecord(error) && error['code'] === code;
