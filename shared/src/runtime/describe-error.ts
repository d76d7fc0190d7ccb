/** An error as logs tell it. */
export interface DescribedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: DescribedError;
}

const MAX_CAUSES = 5;
/** They quote what they could not read: a text, a row. */
const QUOTING = new Set(['SyntaxError', 'QueryFailedError', 'DatabaseError', 'error']);

/**
 * What errors say of themselves and nothing else: libraries hang the parameters of a statement, the row it was about and
 * the URL of a connection on theirs, and with them message bodies and passwords. Never throws.
 */
export function describeError(error: unknown, causes = MAX_CAUSES): DescribedError {
  if (!(error instanceof Error)) return { type: typeof error, message: textOf(error) };
  const code: unknown = 'code' in error ? error.code : undefined;
  const cause: unknown = error.cause ?? (error instanceof AggregateError ? error.errors[0] : undefined);
  return {
    type: error.name,
    message: QUOTING.has(error.name) ? error.message.replaceAll(/"[^"]*"?|'[^']*'?/g, '…') : error.message,
    ...(typeof code === 'string' ? { code } : {}),
    ...(error.stack === undefined ? {} : { stack: framesOf(error.stack) }),
    ...(cause === undefined || causes === 0 ? {} : { cause: describeError(cause, causes - 1) }),
  };
}

function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return 'something that has no text';
  }
}

/** A stack begins with the message. */
const framesOf = (stack: string): string => stack.split('\n').filter((line) => /^ +at /.test(line)).join('\n');
