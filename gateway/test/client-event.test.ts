import { expect, it } from '@jest/globals';
import type { ErrorCode } from '@switchboard/shared/errors';
import { noRecorder, Spans, type EndedSpan } from '@switchboard/shared/telemetry';
import { ClientEvent } from '../src/events/client-event.ts';

/** What telemetry calls the failure of a batch whose parts failed so. */
function errorOf(...parts: ErrorCode[]): string | undefined {
  const ended: EndedSpan[] = [];
  const recorder = { ...noRecorder, isSampled: () => true, record: (span: EndedSpan) => ended.push(span) };
  const event = new ClientEvent('joinChats', new Spans(recorder), 'gateway', []);
  for (const part of parts) event.partFailed(part);
  event.replied();
  return ended[0]?.error;
}

it('a batch has failed in telemetry when the server failed in one of its parts', () => {
  expect(errorOf()).toBeUndefined();
  expect(errorOf('CHAT_NOT_FOUND', 'RATE_LIMITED')).toBeUndefined();
  expect(errorOf('CHAT_NOT_FOUND', 'UNAVAILABLE', 'TIMEOUT')).toBe('UNAVAILABLE');
});
