import { describe, expect, it } from '@jest/globals';
import { Failure } from '@switchboard/shared/errors';
import { UserIds } from '../src/auth/user-ids.ts';

/** Stands for chat-service. */
function given(maxKnown?: number) {
  const lookedUp: string[] = [];
  const service = { isAway: false };
  const userIds = new UserIds(
    {
      request: (_contract: unknown, payload: unknown) => {
        if (service.isAway) return Promise.reject(new Failure('UNAVAILABLE'));
        const { subject } = payload as { subject: string };
        if (!lookedUp.includes(subject)) lookedUp.push(subject);
        else throw new Error(`${subject} was looked up twice`);
        return Promise.resolve({ userId: 9e15 + lookedUp.indexOf(subject) } as never);
      },
    },
    maxKnown,
  );
  return { lookedUp, service, of: (subject: string) => userIds.of({ issuer: 'i', subject }) };
}

describe('the number of a subject', () => {
  it('is looked up once, also when many connect at once', async () => {
    const { of } = given();
    expect(await Promise.all(['a', 'a', 'b'].map(of))).toEqual([9e15, 9e15, 9e15 + 1]);
    expect(await of('a')).toBe(9e15);
  });

  it('is known while chat-service is away, and an unknown one is refused until it is back', async () => {
    const { of, service } = given();
    await of('a');
    service.isAway = true;
    expect(await of('a')).toBe(9e15);
    await expect(of('b')).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    service.isAway = false;
    expect(await of('b')).toBe(9e15 + 1);
  });

  it('that was not used for longest is forgotten first', async () => {
    const { of } = given(2);
    await of('a');
    await of('b');
    await of('a');
    await of('c');
    expect(await of('a')).toBe(9e15);
    await expect(of('b')).rejects.toThrow('twice');
  });
});
