import { describe, expect, it } from '@jest/globals';
import { Failure } from '@switchboard/shared/errors';
import { databaseWork, toFailure } from '@switchboard/shared/postgres';
import { QueryRunnerAlreadyReleasedError } from 'typeorm';
import { failureOf } from './failure-of.ts';

const withCode = (code: string): Error => Object.assign(new Error('x'), { code });
const codeOf = (error: unknown): string | undefined => {
  const failure = toFailure(error);
  return failure instanceof Failure ? failure.code : undefined;
};

describe('an error of the database', () => {
  it.each(['55P03', '57014', '40P01', '40001', '53300'])(
    '%s means BUSY: another session holds the resource',
    (code) => {
      expect(codeOf(withCode(code))).toBe('BUSY');
    },
  );

  it.each([
    '08006',
    '08001',
    '57P01',
    '57P03',
    '53100',
    '53200',
    '58030',
    '25006',
    '25P03',
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'ETIMEDOUT',
    'EAI_AGAIN',
  ])('%s means UNAVAILABLE', (code) => {
    expect(codeOf(withCode(code))).toBe('UNAVAILABLE');
  });

  it.each([
    'Connection terminated unexpectedly',
    'timeout exceeded when trying to connect',
    'Query read timeout',
    'Client has encountered a connection error and is not queryable',
  ])('"%s" means UNAVAILABLE', (message) => {
    expect(codeOf(new Error(message))).toBe('UNAVAILABLE');
  });

  it('of a query runner that TypeORM released means UNAVAILABLE', () => {
    expect(codeOf(new QueryRunnerAlreadyReleasedError())).toBe('UNAVAILABLE');
  });

  it.each(['23505', '42P01', '42501', '22P02', '22021', '25P02'])(
    '%s is a bug, and stays unchanged',
    (code) => {
      const error = withCode(code);
      expect(toFailure(error)).toBe(error);
    },
  );

  it('with a code is mapped by the code, not by its text', () => {
    const error = Object.assign(new Error('duplicate key in "connection_timeout"'), { code: '23505' });
    expect(toFailure(error)).toBe(error);
  });

  it('is kept as the cause, for the log', () => {
    const error = withCode('57P01');
    expect(toFailure(error)).toMatchObject({ cause: error });
  });

  it('stays unchanged when it is a Failure or no Error', () => {
    const failure = new Failure('CHAT_CLOSED');
    expect(toFailure(failure)).toBe(failure);
    expect(toFailure('x')).toBe('x');
  });

  it('surfaces from databaseWork as its failure', async () => {
    expect(await failureOf(() => databaseWork(() => Promise.reject(withCode('55P03'))))).toMatchObject({
      code: 'BUSY',
    });
    expect(await databaseWork(() => Promise.resolve(7))).toBe(7);
    await expect(databaseWork(() => Promise.reject(new Error('x')))).rejects.toThrow('x');
  });
});
