import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { messageContracts } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { waitFor } from '@switchboard/infra/test';
import { admin, owner, stranger } from './given.ts';
import { refusal, startMessageService, type TestMessageService } from './service.ts';

let service: TestMessageService;
let inProjection: string;
let missing: string;

beforeAll(async () => {
  service = await startMessageService();
  inProjection = service.chatService.open();
  missing = service.chatService.open();
  await service.send(inProjection, { text: 'before' });
  await service.chatService.stop();
});
afterAll(() => service.stop());

it('serves chats of the projection while chat-service is down', async () => {
  expect((await service.send(inProjection, { text: 'meanwhile' })).seq).toBe(2);
  expect(
    (await service.gateway.request(messageContracts.joinChat, { chatId: inProjection }, { actor: admin }))
      .messages,
  ).toHaveLength(2);
});

it('fails with a retryable UNAVAILABLE within 2 s for other chats', async () => {
  const began = performance.now();
  for (const actor of [owner, stranger]) {
    const failure: unknown = await service
      .send(missing, { text: 'hi' }, actor)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Failure);
    expect(failure).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
  }
  expect(performance.now() - began).toBeLessThan(2_000);
});

it('fails with UNAVAILABLE for a stranger too, and so does not reveal whether the chat exists', async () => {
  expect(await refusal(service.send(inProjection, { text: 'hi' }, stranger))).toBe('UNAVAILABLE');
});

it('stays ready while chat-service is down', async () => {
  expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
});

it('is not ready while NATS is down, says so, and is ready again afterwards', async () => {
  await service.nats.kill();
  await waitFor(async () => (await fetch(`${service.url}/readyz`)).status === 503, {
    what: 'the service not to be ready',
  });
  expect(await (await fetch(`${service.url}/readyz`)).json()).toEqual({ ready: false, missing: ['nats'] });
  expect((await fetch(`${service.url}/livez`)).status).toBe(200);
  await service.nats.restart();
  await waitFor(async () => (await fetch(`${service.url}/readyz`)).status === 200, {
    what: 'the service to be ready',
  });
  const again = await waitFor(() => service.send(inProjection, { text: 'again', clientMessageId: 'again' }), {
    what: 'a message to be sent',
  });
  expect(again.seq).toBe(3);
});
