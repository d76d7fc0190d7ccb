import type { z } from 'zod';
import { cut } from './cut.ts';
import { Failure, isErrorCode, type ErrorCode } from '../errors.ts';

const MAX_ISSUES = 5;
const MAX_ISSUE_LENGTH = 200;

/**
 * Reads data of unknown origin by a schema. `null` in an optional field reads as absent, since many languages
 * write absent fields so. Throws VALIDATION with `issues` ({path, problem}), or the code that an id names
 * (CHAT_NOT_FOUND …) when ids that name nothing are all that is wrong.
 */
export function parse<S extends z.ZodType>(schema: S, data: unknown): z.output<S> {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  const present = withoutNulls(data, result.error.issues);
  if (present !== data) return parse(schema, present);
  const codes = result.error.issues.map(codeOf);
  const [first] = codes;
  if (first !== undefined && codes.every((code) => code !== undefined)) throw new Failure(first);
  throw new Failure('VALIDATION', { issues: result.error.issues.slice(0, MAX_ISSUES).map(describe) });
}

function codeOf(issue: z.core.$ZodIssue): ErrorCode | undefined {
  if (issue.code !== 'custom') return undefined;
  const code: unknown = issue.params?.['code'];
  return isErrorCode(code) ? code : undefined;
}

const describe = (issue: z.core.$ZodIssue) => ({
  path: cut(issue.path.map(String).join('.'), MAX_ISSUE_LENGTH),
  problem: cut(issue.message, MAX_ISSUE_LENGTH),
});

/** The data without the fields that an issue found to be null. The same data when there are none. */
function withoutNulls(data: unknown, issues: readonly z.core.$ZodIssue[]): unknown {
  return issues.reduce((rest, { path }) => {
    const field = path.at(-1);
    const parent = path.slice(0, -1);
    const owner = parent.reduce(fieldOf, rest);
    return typeof field === 'string' && isRecord(owner) && owner[field] === null
      ? withoutFields(rest, parent, [field])
      : rest;
  }, data);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const fieldOf = (data: unknown, key: PropertyKey): unknown =>
  typeof data === 'object' && data !== null ? (Reflect.get(data, key) as unknown) : undefined;

/** The data without these fields of the object at `path`. */
export function withoutFields(
  data: unknown,
  path: readonly PropertyKey[],
  fields: readonly string[],
): unknown {
  if (typeof data !== 'object' || data === null) return data;
  const [head, ...tail] = path;
  if (Array.isArray(data))
    return data.map((item: unknown, index) => (index === head ? withoutFields(item, tail, fields) : item));
  if (head === undefined)
    return Object.fromEntries(Object.entries(data).filter(([key]) => !fields.includes(key)));
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [
      key,
      key === head ? withoutFields(value, tail, fields) : value,
    ]),
  );
}
