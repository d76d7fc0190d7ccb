/**
 * The closed set of things that can go wrong, as clients see them. The sentence is fixed and safe to show;
 * `retryable` says whether the same request may succeed later; `status` is the code over HTTP.
 */
export const ERRORS = {
  UNAUTHORIZED: { status: 401, retryable: false, sentence: 'A valid token is needed.' },
  FORBIDDEN: { status: 403, retryable: false, sentence: 'Your role does not allow this.' },
  VALIDATION: { status: 400, retryable: false, sentence: 'The request is not valid.' },
  UNKNOWN_EVENT: { status: 400, retryable: false, sentence: 'There is no such event.' },
  ROUTE_NOT_FOUND: { status: 404, retryable: false, sentence: 'There is no such route.' },
  CHAT_NOT_FOUND: { status: 404, retryable: false, sentence: 'There is no such chat.' },
  MESSAGE_NOT_FOUND: { status: 404, retryable: false, sentence: 'There is no such message in this chat.' },
  FILE_NOT_FOUND: { status: 404, retryable: false, sentence: 'There is no such file.' },
  WEBHOOK_NOT_FOUND: { status: 404, retryable: false, sentence: 'There is no such webhook.' },
  CHAT_CLOSED: { status: 409, retryable: false, sentence: 'The chat is closed.' },
  CHAT_CONFLICT: { status: 409, retryable: false, sentence: 'The chat is not in a state that allows this.' },
  DUPLICATE_KEY: { status: 409, retryable: false, sentence: 'This clientMessageId was used for another message.' },
  TOO_LARGE: { status: 413, retryable: false, sentence: 'That is larger than allowed.' },
  RATE_LIMITED: { status: 429, retryable: true, sentence: 'Too much at once; slow down.' },
  TOO_MANY_CONNECTIONS: { status: 429, retryable: true, sentence: 'Too many connections; close another one first.' },
  BUSY: { status: 503, retryable: true, sentence: 'Busy; try again in a moment.' },
  UNAVAILABLE: { status: 503, retryable: true, sentence: 'Not available right now; try again in a moment.' },
  TIMEOUT: { status: 504, retryable: true, sentence: 'No answer in time; try again.' },
  INTERNAL: { status: 500, retryable: false, sentence: 'Something went wrong on our side.' },
} as const satisfies Record<string, { status: number; retryable: boolean; sentence: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** Facts about a failure that its receiver may see: which field, who owns the chat. Never internals. */
export type FailureDetails = Readonly<Record<string, unknown>>;

/** An expected failure: thrown by whoever notices it, answered as it stands by whoever speaks to the client. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: ErrorCode;
  readonly details: FailureDetails | undefined;

  constructor(code: ErrorCode, details?: FailureDetails, options?: ErrorOptions) {
    super(ERRORS[code].sentence, options);
    this.code = code;
    this.details = details;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}

export const isErrorCode = (value: unknown): value is ErrorCode => typeof value === 'string' && Object.hasOwn(ERRORS, value);

export const codes: readonly ErrorCode[] = Object.keys(ERRORS).filter(isErrorCode);
