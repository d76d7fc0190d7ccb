/**
 * The closed set of error codes that clients see. The sentence is fixed and safe to show. `retryable`: the
 * same request may succeed later. `status`: over HTTP.
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
  CHAT_CONFLICT: {
    status: 409,
    retryable: false,
    sentence: 'The state of the chat does not allow this; reload the chat.',
  },
  TOO_MANY_CHATS: {
    status: 409,
    retryable: false,
    sentence: 'The client has too many open chats; use the one named, or close one.',
  },
  MESSAGE_CONFLICT: {
    status: 409,
    retryable: false,
    sentence: 'The message has changed; look at it again.',
  },
  EDIT_WINDOW_OVER: {
    status: 403,
    retryable: false,
    sentence: 'The time in which its author may change the message is over.',
  },
  DUPLICATE_KEY: {
    status: 409,
    retryable: false,
    sentence: 'This clientMessageId was used for another message; use a new one.',
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    retryable: false,
    sentence: 'This route does not have this method; the header Allow names those it has.',
  },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    retryable: false,
    sentence: 'The body has a type that this route does not read; the header Accept names those it reads.',
  },
  RANGE_NOT_SATISFIABLE: {
    status: 416,
    retryable: false,
    sentence: 'The file has no such bytes; the header Content Range names its size.',
  },
  TOO_LARGE: { status: 413, retryable: false, sentence: 'The request is larger than allowed; send less.' },
  RATE_LIMITED: { status: 429, retryable: true, sentence: 'Too many requests; slow down.' },
  TOO_MANY_CONNECTIONS: {
    status: 429,
    retryable: true,
    sentence: 'Too many connections; close another one first.',
  },
  BUSY: { status: 503, retryable: true, sentence: 'Busy; try again in a moment.' },
  UNAVAILABLE: { status: 503, retryable: true, sentence: 'Not available right now; try again in a moment.' },
  TIMEOUT: { status: 504, retryable: true, sentence: 'No reply in time; try again.' },
  NOT_CONFIGURED: { status: 501, retryable: false, sentence: 'This installation does not offer this.' },
  INTERNAL: { status: 500, retryable: false, sentence: 'Something went wrong on our side.' },
} as const satisfies Record<string, { status: number; retryable: boolean; sentence: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** Facts that the client may see: which field, who owns the chat. Never internals. */
export type FailureDetails = Readonly<Record<string, unknown>>;

/** An expected failure. Code at any depth throws it; the gateway sends its code to the client. */
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

export const isErrorCode = (value: unknown): value is ErrorCode =>
  typeof value === 'string' && Object.hasOwn(ERRORS, value);

export const codes: readonly ErrorCode[] = Object.keys(ERRORS).filter(isErrorCode);
