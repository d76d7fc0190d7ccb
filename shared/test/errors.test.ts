import { describe, expect, it } from '@jest/globals';
import { ERRORS, Failure, isErrorCode, type ErrorCode } from '@switchboard/shared/errors';

const codes = Object.keys(ERRORS).filter(isErrorCode);

describe('the errors', () => {
  it('are a closed set, each with its HTTP status', () => {
    expect(Object.fromEntries(codes.map((code): [ErrorCode, number] => [code, ERRORS[code].status]))).toEqual(
      {
        UNAUTHORIZED: 401,
        FORBIDDEN: 403,
        VALIDATION: 400,
        UNKNOWN_EVENT: 400,
        ROUTE_NOT_FOUND: 404,
        METHOD_NOT_ALLOWED: 405,
        UNSUPPORTED_MEDIA_TYPE: 415,
        RANGE_NOT_SATISFIABLE: 416,
        CHAT_NOT_FOUND: 404,
        MESSAGE_NOT_FOUND: 404,
        FILE_NOT_FOUND: 404,
        WEBHOOK_NOT_FOUND: 404,
        CHAT_CLOSED: 409,
        CHAT_CONFLICT: 409,
        TOO_MANY_CHATS: 409,
        MESSAGE_CONFLICT: 409,
        EDIT_WINDOW_OVER: 403,
        DUPLICATE_KEY: 409,
        TOO_LARGE: 413,
        RATE_LIMITED: 429,
        TOO_MANY_CONNECTIONS: 429,
        BUSY: 503,
        UNAVAILABLE: 503,
        TIMEOUT: 504,
        NOT_CONFIGURED: 501,
        INTERNAL: 500,
      },
    );
  });

  it('are retryable exactly when a retry may help', () => {
    expect(codes.filter((code) => new Failure(code).retryable)).toEqual([
      'RATE_LIMITED',
      'TOO_MANY_CONNECTIONS',
      'BUSY',
      'UNAVAILABLE',
      'TIMEOUT',
    ]);
  });

  it('have fixed sentences that reveal no cause', () => {
    for (const code of codes) {
      const failure = new Failure(code, undefined, { cause: new Error('password=secret') });
      expect(failure.message).toBe(ERRORS[code].sentence);
      expect(failure.message).toMatch(/^[A-Z][A-Za-z ;,]+\.$/);
      expect(JSON.stringify(failure)).not.toContain('secret');
    }
  });

  it('isErrorCode accepts their codes and nothing else', () => {
    expect(['CHAT_CLOSED', 'toString', '__proto__', '', 7, undefined].map(isErrorCode)).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});
