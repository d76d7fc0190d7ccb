import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { silent, startNats, waitFor, type TestNats } from '@switchboard/infra/test';
import { createGateway } from '../src/app.ts';
import { Client } from './client.ts';
import { aConfig, owner, tokenOf } from './given.ts';
import { Stubs } from './stubs.ts';

let nats: TestNats;
let stubs: Stubs;
let gateway: Awaited<ReturnType<typeof createGateway>>;
let client: Client;
let stopped: Promise<void> | undefined;
const gate = Promise.withResolvers<undefined>();

beforeAll(async () => {
  nats = await startNats();
  stubs = await Stubs.start(nats);
  gateway = await createGateway(aConfig({ NATS_URL: nats.url('gateway') }), silent);
  client = await new Client(`http://127.0.0.1:${gateway.port}`, {
    auth: { token: tokenOf(owner) },
  }).connected();
});
afterAll(async () => {
  gate.resolve(undefined);
  client.close();
  await (stopped ?? gateway.stop());
  await stubs.stop();
  await nats.stop();
});

it('replies before it stops, reports departures, and lets clients reconnect', async () => {
  const reasons: string[] = [];
  client.socket.on('disconnect', (reason) => {
    reasons.push(reason);
  });
  const chat = stubs.newChat();
  await client.join(chat.id);
  const { sendMessage } = stubs;
  let requests = 0;
  stubs.sendMessage = async (payload, context) => {
    requests += 1;
    await gate.promise;
    return sendMessage(payload, context);
  };

  const reply = client.request('sendMessage', { chatId: chat.id, message: { text: 'last' } });
  await waitFor(() => requests === 1, { what: 'the request to arrive' });
  stopped = gateway.stop();
  gate.resolve(undefined);

  expect(await reply).toMatchObject({ event: 'messageSent' });
  await stopped;
  await waitFor(() => reasons.length > 0, { what: 'the client to be sent away' });
  expect(reasons).toEqual(['transport close']);
  // The first lease may repeat a registration, and the stop a departure in flight.
  const presence = stubs.presenceCalls.map(({ what }) => what);
  expect([presence[0], presence.at(-1), presence.includes('left')]).toEqual(['enter', 'dropped', false]);
});
