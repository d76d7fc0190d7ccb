/** An error as logs show it. */
export interface DescribedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: DescribedError;
}

const MAX_CAUSES = 5;
/** Errors that quote their input: a text, a row. */
const QUOTING = new Set(['SyntaxError', 'QueryFailedError', 'DatabaseError', 'error']);

/**
 * Keeps only an error's own words. Libraries attach the parameters of a statement, its row and the URL of a
 * connection to their errors, and with them message bodies and passwords. Never throws.
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
    return 'a value without text';
  }
}

/** The stack without the message with which it begins. */
const framesOf = (stack: string): string =>
  stack
    .split('\n')
    .filter((line) => /^ +at /.test(line))
    .join('\n');
