/** Far above the payloads of all contracts. */
const MAX_DEPTH = 8;
const MAX_KEYS = 64;
const MAX_ELEMENTS = 1_000;

/** Whether a payload is JSON within these limits and holds no bytes. */
export function isPlain(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth === MAX_DEPTH || ArrayBuffer.isView(value)) return false;
  const values: unknown[] = Object.values(value);
  return (
    values.length <= (Array.isArray(value) ? MAX_ELEMENTS : MAX_KEYS) &&
    values.every((one) => isPlain(one, depth + 1))
  );
}
