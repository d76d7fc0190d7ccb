import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { messageContracts } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { admin, owner, upTo } from './given.ts';
import { refusal, startMessageService } from './service.ts';

it('limits the requests of one user on each replica, and refuses no other user', async () => {
  const service = await startMessageService({ RATE_LIMIT_EVENTS: '2' });
  try {
    const chatId = service.chatService.open();
    const socket = { id: 'one', gatewayId: randomUUID() };
    const asAdmin = await Promise.all(
      upTo(20).map(() =>
        refusal(service.gateway.request(messageContracts.listMessages, { chatId }, { actor: admin, socket })),
      ),
    );
    // A socket has half of the user's rate.
    expect(asAdmin.filter((code) => code === undefined).length).toBeGreaterThanOrEqual(8);
    expect(asAdmin.filter((code) => code === undefined).length).toBeLessThan(14);
    const outcomes = await Promise.all(
      upTo(30).map((n) =>
        service.send(chatId, { text: String(n) }).then(
          () => 'sent',
          (error: unknown) => error,
        ),
      ),
    );
    const refused = outcomes.filter((outcome) => outcome instanceof Failure);
    // A burst of four seconds at twice the rate of a socket, and the tokens added meanwhile.
    expect(outcomes.length - refused.length).toBeGreaterThanOrEqual(16);
    expect(refused.length).toBeGreaterThanOrEqual(10);
    for (const { code, details } of refused)
      expect([code, details]).toEqual(['RATE_LIMITED', { retryAfterMs: expect.any(Number) }]);
    expect(
      await refusal(service.gateway.request(messageContracts.listMessages, { chatId }, { actor: owner })),
    ).toBe('RATE_LIMITED');
    expect((await service.send(chatId, { text: 'an admin may' }, admin)).text).toBe('an admin may');
    expect((await service.database.query('SELECT 1 FROM message.message')).rowCount).toBe(
      outcomes.length - refused.length + 1,
    );
  } finally {
    await service.stop();
  }
});

it('counts a join by the messages that it may read, so that 150 small ones fit a burst', async () => {
  const service = await startMessageService({ RATE_LIMIT_EVENTS: '2' });
  try {
    const chatId = service.chatService.open();
    // Of a socket: a burst of 8.
    const accepted = async (count: number, limit?: number) => {
      const socket = { id: randomUUID(), gatewayId: randomUUID() };
      const actor = { ...admin, id: ++lastAdmin };
      const outcomes = await Promise.all(
        upTo(count).map(() =>
          refusal(service.gateway.request(messageContracts.joinChat, { chatId, limit }, { actor, socket })),
        ),
      );
      return outcomes.filter((code) => code !== 'RATE_LIMITED').length;
    };
    expect(await accepted(40, 10)).toBe(40);
    expect(await accepted(20)).toBeLessThan(20);
    expect(await accepted(80, 1)).toBe(80);
    // A tenth at least.
    expect(await accepted(120, 1)).toBeLessThan(120);
  } finally {
    await service.stop();
  }
});

let lastAdmin = 1_000;
