import { expect, it } from '@jest/globals';
import { QueryFailedError } from 'typeorm';
import { describeError } from '../src/runtime/describe-error.ts';

it('an error says its type, message, code, stack and cause, and nothing that was hung on it', () => {
  const driver = Object.assign(new Error('duplicate key'), { code: '23505', detail: 'Failing row contains (a secret between us).' });
  const failed = new QueryFailedError('INSERT INTO message.message (text) VALUES ($1)', ['a secret between us'], driver);
  const outer = new Error('could not send', { cause: failed });
  const described = describeError(outer);
  expect(described).toEqual({
    type: 'Error', message: 'could not send', stack: outer.stack,
    cause: { type: 'QueryFailedError', message: 'duplicate key', code: '23505', stack: failed.stack },
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

it.each([['text', 'string'], [7, 'number'], [undefined, 'undefined'], [null, 'object']])('%j, thrown for an error, is told as it is', (thrown, type) => {
  expect(describeError(thrown)).toEqual({ type, message: String(thrown) });
});
