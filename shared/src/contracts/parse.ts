import type { z } from 'zod';
import { Failure, isErrorCode, type ErrorCode } from '../errors.ts';

const MAX_ISSUES = 5;
const MAX_ISSUE_LENGTH = 200;

/**
 * Reads data of unknown origin by a schema. Throws VALIDATION with `issues` ({path, problem}), or the code that an id
 * names (CHAT_NOT_FOUND …) when ids that name nothing are all that is wrong.
 */
export function parse<S extends z.ZodType>(schema: S, data: unknown): z.output<S> {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
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
  path: issue.path.map(String).join('.').slice(0, MAX_ISSUE_LENGTH),
  problem: issue.message.slice(0, MAX_ISSUE_LENGTH),
});
