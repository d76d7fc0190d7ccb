import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Bus, type RoomEventFrame } from '@switchboard/shared/bus';
import { newTrace } from '@switchboard/shared/telemetry';
import {
  chatHeads,
  chatStatusChanged,
  logEntry,
  newMessage,
  userTyping,
  type RoomOwner,
} from '@switchboard/shared/contracts';
import { connectRaw, startNats, waitFor, type TestNats } from '@switchboard/infra/test';
import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Buses } from './buses.ts';

// Room events and signals over a real NATS.

let nats: TestNats;
const buses = new Buses();
let chatService: Bus, messageService: Bus, presenceService: Bus;
let chatId: string;

beforeAll(async () => {
  nats = await startNats();
  chatService = await buses.connect(nats, 'chat-service');
  messageService = await buses.connect(nats, 'message-service');
  presenceService = await buses.connect(nats, 'presence-service');
});
beforeEach(() => {
  chatId = randomUUID();
});
afterAll(async () => {
  await buses.close();
  await nats.stop();
});

interface Received {
  owner: RoomOwner;
  frame: RoomEventFrame;
}

async function following(room: string): Promise<{ received: Received[]; stop: () => void; gateway: Bus }> {
  const gateway = await buses.connect(nats, 'gateway');
  const received: Received[] = [];
  const subscription = gateway.followRoom(room, (owner, frame) => {
    received.push({ owner, frame });
  });
  await subscription.untilSubscribed();
  return {
    received,
    stop: () => {
      subscription.stop();
    },
    gateway,
  };
}

const typing = (room: string) => ({ chatId: room, userId: 7, email: 'a@b.c', isTyping: true });
const trace = newTrace();

describe('a followed room', () => {
  it('delivers each event to every gateway, with owner, rev and author', async () => {
    const [one, two] = await Promise.all([following(chatId), following(chatId)]);
    chatService.publishEntry(
      'chat',
      chatId,
      logEntry(chatStatusChanged, 4, { chatId, status: 'CLOSED' }),
      trace,
    );
    presenceService.publish(userTyping, chatId, typing(chatId), trace);
    for (const { received } of [one, two]) {
      await waitFor(() => received.length === 2, { what: 'two events' });
      expect(received.toSorted((a, b) => a.owner.localeCompare(b.owner))).toEqual([
        {
          owner: 'chat',
          frame: {
            meta: { event: 'chatStatusChanged', rev: 4 },
            payload: JSON.stringify({ chatId, status: 'CLOSED' }),
          },
        },
        {
          owner: 'presence',
          frame: { meta: { event: 'userTyping', author: 7 }, payload: JSON.stringify(typing(chatId)) },
        },
      ]);
    }
  });

  it('delivers no event of another room', async () => {
    const other = randomUUID();
    const { received } = await following(chatId);
    presenceService.publish(userTyping, other, typing(other), trace);
    presenceService.publish(userTyping, chatId, typing(chatId), trace);
    await waitFor(() => received.length > 0, { what: 'an event' });
    expect(received.map(({ frame }) => frame.payload)).toEqual([JSON.stringify(typing(chatId))]);
  });

  it('delivers the events of one owner in the order of publication', async () => {
    const { received } = await following(chatId);
    for (let rev = 1; rev <= 200; rev++)
      messageService.publishEntry('message', chatId, { event: newMessage.event, rev, payload: {} }, trace);
    await waitFor(() => received.length === 200, { what: 'all events' });
    expect(received.map(({ frame }) => frame.meta.rev)).toEqual(
      Array.from({ length: 200 }, (_, index) => index + 1),
    );
  });

  it('is subscribed only once NATS confirms', async () => {
    const gateway = await buses.connect(nats, 'gateway');
    let isHeard = false;
    await nats.pause();
    const room = gateway.followRoom(chatId, () => undefined);
    const subscribed = room.untilSubscribed().then(() => {
      isHeard = true;
    });
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    const wasHeard = isHeard;
    nats.resume();
    await subscribed;
    expect(wasHeard).toBe(false);
  });

  it('delivers nothing when it is stopped in the tick in which it was followed', async () => {
    const gateway = await buses.connect(nats, 'gateway');
    const received: unknown[] = [];
    gateway
      .followRoom(chatId, (_, frame) => {
        received.push(frame);
      })
      .stop();
    const still = await following(chatId);
    await gateway.flush();
    presenceService.publish(userTyping, chatId, typing(chatId), trace);
    await waitFor(() => still.received.length === 1, { what: 'the other gateway to receive it' });
    await gateway.flush();
    expect(received).toEqual([]);
  });

  it('delivers nothing after stop', async () => {
    const { received, stop, gateway } = await following(chatId);
    const still = await following(chatId);
    stop();
    await gateway.flush();
    presenceService.publish(userTyping, chatId, typing(chatId), trace);
    await waitFor(() => still.received.length === 1, { what: 'the other gateway to receive it' });
    await gateway.flush();
    expect(received).toEqual([]);
  });

  it('survives an unreadable event and a listener that throws', async () => {
    const gateway = await buses.connect(nats, 'gateway');
    const received: string[] = [];
    await gateway
      .followRoom(chatId, (_, { meta }) => {
        received.push(meta.event);
        throw new Error('x');
      })
      .untilSubscribed();
    const raw = await connectRaw(nats, 'presence-service');
    raw.publish(`room.${chatId}.presence`, 'no frame');
    await raw.close();
    presenceService.publish(userTyping, chatId, typing(chatId), trace);
    presenceService.publish(userTyping, chatId, typing(chatId), trace);
    await waitFor(() => received.length === 2, { what: 'both events' });
  });
});

describe('a signal', () => {
  it('reaches every listening process, parsed by its contract', async () => {
    const heads = [{ chatId, rev: 3 }];
    const received: unknown[] = [];
    const gateway = await buses.connect(nats, 'gateway');
    for (const listener of [gateway, messageService, presenceService]) {
      listener.onSignal(chatHeads, (payload) => received.push(payload));
      await listener.flush();
    }
    const raw = await connectRaw(nats, 'chat-service');
    raw.publish(chatHeads.subject, '{"heads":[{"chatId":"x","rev":1}]}');
    raw.publish(chatHeads.subject, 'no JSON');
    await raw.close();
    chatService.signal(chatHeads, { heads });
    await waitFor(() => received.length === 3, { what: 'all three to receive it' });
    expect(received).toEqual([{ heads }, { heads }, { heads }]);
  });
});
