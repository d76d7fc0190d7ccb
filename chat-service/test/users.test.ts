import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chatContracts, FIRST_GIVEN_USER_ID } from '@switchboard/shared/contracts';
import { Harness } from './harness.ts';

let chats: Harness;
beforeAll(async () => {
  chats = await Harness.start();
});
afterAll(() => chats.stop());

const idOf = async (subject: string, issuer = 'https://id.example/') =>
  (await chats.gateway.request(chatContracts.identifyUser, { issuer, subject })).userId;

describe('a subject that is no number', () => {
  it('gets one number for good, from two replicas, also when many ask at once', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => idOf('auth0|65f2')));
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toBeGreaterThanOrEqual(FIRST_GIVEN_USER_ID);
    expect(Number.isSafeInteger(ids[0])).toBe(true);
    expect(await idOf('auth0|65f2')).toBe(ids[0]);
  });

  it('is another user at another issuer, and under another spelling', async () => {
    const subjects = [
      idOf('ann'),
      idOf('Ann'),
      idOf('ann', ''),
      idOf('ann', 'https://id.example'),
      idOf('ann '),
    ];
    expect(new Set(await Promise.all(subjects)).size).toBe(subjects.length);
  });

  it('has the same number when a machine names it first', async () => {
    const request = { issuer: '', subject: 'bob' };
    const named = await chats.gateway.request(chatContracts.addUser, request, { machine: 'crm' });
    expect(named).toEqual({ ...request, userId: await idOf('bob', '') });
  });
});
