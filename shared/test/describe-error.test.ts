import { expect, it } from '@jest/globals';
import { QueryFailedError } from 'typeorm';
import { describeError } from '../src/runtime/describe-error.ts';

it('an error says its type, message, code, stack and cause, and nothing that was hung on it', () => {
  const driver = Object.assign(new Error('duplicate key'), { code: '23505', detail: 'Failing row contains (a secret between us).' });
  const failed = new QueryFailedError('INSERT INTO message.message (text) VALUES ($1)', ['a secret between us'], driver);
  const outer = new Error('could not send', { cause: failed });
  const described = describeError(outer);
  expect(described).toEqual({
    type: 'Error', message: 'could not send', stack: expect.stringMatching(/^ +at /),
    cause: { type: 'QueryFailedError', message: 'duplicate key', code: '23505', stack: expect.stringMatching(/^ +at /) },
  });
  expect(JSON.stringify(described)).not.toContain('secret');
});

it('a connection string that is no URL is not repeated', () => {
  const error = (() => {
    try {
      return new URL('nats//user:password@host');
    } catch (caught) {
      return caught;
    }
  })();
  expect(JSON.stringify(describeError(error))).not.toContain('password');
});

it('a parser\'s or Postgres\' quotes are left out, in the stack too', () => {
  const error = ((): unknown => {
    try {
      return JSON.parse('my secret text');
    } catch (caught) {
      return caught;
    }
  })();
  expect(JSON.stringify(describeError(error))).not.toContain('secret');
  expect(describeError(new QueryFailedError('', [], new Error('invalid input syntax: "my secret text"'))).message).toBe('invalid input syntax: …');
});

it('an error that goes round in a circle, or cannot be told, ends the telling and not the process', () => {
  const round = new Error('round');
  round.cause = round;
  expect(describeError(round).cause?.cause?.cause?.cause?.cause).toMatchObject({ message: 'round' });
  expect(describeError(Object.create(null))).toEqual({ type: 'object', message: 'something that has no text' });
  expect(describeError(new AggregateError([new Error('refused')])).cause).toMatchObject({ message: 'refused' });
});

it.each([['text', 'string'], [7, 'number'], [undefined, 'undefined'], [null, 'object']])('%j, thrown for an error, is told as it is', (thrown, type) => {
  expect(describeError(thrown)).toEqual({ type, message: String(thrown) });
});
