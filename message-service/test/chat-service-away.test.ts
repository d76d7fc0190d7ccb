import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { messageContracts } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { waitFor } from '../../infra/testing/index.ts';
import { admin, owner, stranger } from './given.ts';
import { refusal, startMessageService, type TestMessageService } from './service.ts';

let service: TestMessageService;
let known: string;
let unknown: string;

beforeAll(async () => {
  service = await startMessageService();
  known = service.chatService.open();
  unknown = service.chatService.open();
  await service.send(known, { text: 'before' });
  await service.chatService.stop();
});
afterAll(() => service.stop());

it('goes on with the chats it knows', async () => {
  expect((await service.send(known, { text: 'meanwhile' })).seq).toBe(2);
  expect((await service.gateway.request(messageContracts.joinChat, { chatId: known }, { actor: admin })).messages).toHaveLength(2);
});

it('says of others, soon, that a retry may help', async () => {
  const began = performance.now();
  for (const actor of [owner, stranger]) {
    const failure: unknown = await service.send(unknown, { text: 'hi' }, actor).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Failure);
    expect(failure).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
  }
  expect(performance.now() - began).toBeLessThan(2_000);
});

it('says the same to a stranger of a chat it knows: whether it is there stays unsaid', async () => {
  expect(await refusal(service.send(known, { text: 'hi' }, stranger))).toBe('UNAVAILABLE');
});

it('stays ready', async () => {
  expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
});

it('names what is missing when NATS is gone, and is ready again when it is back', async () => {
  await service.nats.kill();
  await waitFor(async () => (await fetch(`${service.url}/readyz`)).status === 503, { what: 'the service not to be ready' });
  expect(await (await fetch(`${service.url}/readyz`)).json()).toEqual({ ready: false, missing: ['nats'] });
  expect((await fetch(`${service.url}/livez`)).status).toBe(200);
  await service.nats.restart();
  await waitFor(async () => (await fetch(`${service.url}/readyz`)).status === 200, { what: 'the service to be ready' });
  const again = await waitFor(() => service.send(known, { text: 'again', clientMessageId: 'again' }), { what: 'a message to be sent' });
  expect(again.seq).toBe(3);
});
