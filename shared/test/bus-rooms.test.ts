import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newTrace, type Bus, type RoomEventFrame } from '@switchboard/shared/bus';
import { chatHeads, chatStatusChanged, logEntry, newMessage, userTyping, type RoomOwner } from '@switchboard/shared/contracts';
import { connectRaw, startNats, waitFor, type TestNats } from '@switchboard/infra/testing';
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
beforeEach(() => { chatId = randomUUID(); });
afterAll(async () => {
  await buses.close();
  await nats.stop();
});

interface Heard { owner: RoomOwner; frame: RoomEventFrame }

async function following(room: string): Promise<{ heard: Heard[]; stop: () => void; gateway: Bus }> {
  const gateway = await buses.connect(nats, 'gateway');
  const heard: Heard[] = [];
  const subscription = gateway.followRoom(room, (owner, frame) => { heard.push({ owner, frame }); });
  await subscription.untilHeard();
  return { heard, stop: () => { subscription.stop(); }, gateway };
}

const typing = (room: string) => ({ chatId: room, userId: 7, email: 'a@b.c', isTyping: true });
const trace = newTrace();

describe('a followed room', () => {
  it('is heard by every gateway, with owner, number and author', async () => {
    const [one, two] = await Promise.all([following(chatId), following(chatId)]);
    chatService.publishEntry('chat', chatId, logEntry(chatStatusChanged, 4, { chatId, status: 'CLOSED' }), trace);
    presenceService.publish(userTyping, chatId, typing(chatId), trace);
    for (const { heard } of [one, two]) {
      await waitFor(() => heard.length === 2, { what: 'two events' });
      expect(heard.toSorted((a, b) => a.owner.localeCompare(b.owner))).toEqual([
        { owner: 'chat', frame: { meta: { event: 'chatStatusChanged', rev: 4 }, payload: JSON.stringify({ chatId, status: 'CLOSED' }) } },
        { owner: 'presence', frame: { meta: { event: 'userTyping', author: 7 }, payload: JSON.stringify(typing(chatId)) } },
      ]);
    }
  });

  it('brings nothing of another room', async () => {
    const other = randomUUID();
    const { heard } = await following(chatId);
    presenceService.publish(userTyping, other, typing(other), trace);
    presenceService.publish(userTyping, chatId, typing(chatId), trace);
    await waitFor(() => heard.length > 0, { what: 'an event' });
    expect(heard.map(({ frame }) => frame.payload)).toEqual([JSON.stringify(typing(chatId))]);
  });

  it('brings the events of one owner in the order in which they were published', async () => {
    const { heard } = await following(chatId);
    for (let rev = 1; rev <= 200; rev++) messageService.publishEntry('message', chatId, { event: newMessage.event, rev, payload: {} }, trace);
    await waitFor(() => heard.length === 200, { what: 'all events' });
    expect(heard.map(({ frame }) => frame.meta.rev)).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
  });

  it('is not followed before NATS says so', async () => {
    const gateway = await buses.connect(nats, 'gateway');
    let isHeard = false;
    await nats.pause();
    const room = gateway.followRoom(chatId, () => undefined);
    const asked = room.untilHeard().then(() => { isHeard = true; });
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    const wasHeard = isHeard;
    nats.resume();
    await asked;
    expect(wasHeard).toBe(false);
  });

  it('is never heard when it is given up in the turn in which it was followed', async () => {
    const gateway = await buses.connect(nats, 'gateway');
    const heard: unknown[] = [];
    gateway.followRoom(chatId, (_, frame) => { heard.push(frame); }).stop();
    const still = await following(chatId);
    await gateway.flush();
    presenceService.publish(userTyping, chatId, typing(chatId), trace);
    await waitFor(() => still.heard.length === 1, { what: 'the other gateway to hear it' });
    await gateway.flush();
    expect(heard).toEqual([]);
  });

  it('is silent once it is followed no more', async () => {
    const { heard, stop, gateway } = await following(chatId);
    const still = await following(chatId);
    stop();
    await gateway.flush();
    presenceService.publish(userTyping, chatId, typing(chatId), trace);
    await waitFor(() => still.heard.length === 1, { what: 'the other gateway to hear it' });
    await gateway.flush();
    expect(heard).toEqual([]);
  });

  it('survives what cannot be read, and a listener that throws', async () => {
    const gateway = await buses.connect(nats, 'gateway');
    const heard: string[] = [];
    await gateway.followRoom(chatId, (_, { meta }) => {
      heard.push(meta.event);
      throw new Error('x');
    }).untilHeard();
    const raw = await connectRaw(nats, 'presence-service');
    raw.publish(`room.${chatId}.presence`, 'no frame');
    await raw.close();
    presenceService.publish(userTyping, chatId, typing(chatId), trace);
    presenceService.publish(userTyping, chatId, typing(chatId), trace);
    await waitFor(() => heard.length === 2, { what: 'both events' });
  });
});

describe('a signal', () => {
  it('is heard by every process that listens, and read by its contract', async () => {
    const heads = [{ chatId, rev: 3 }];
    const heard: unknown[] = [];
    const gateway = await buses.connect(nats, 'gateway');
    for (const listener of [gateway, messageService, presenceService]) {
      listener.onSignal(chatHeads, (payload) => heard.push(payload));
      await listener.flush();
    }
    const raw = await connectRaw(nats, 'chat-service');
    raw.publish(chatHeads.subject, '{"heads":[{"chatId":"x","rev":1}]}');
    raw.publish(chatHeads.subject, 'no JSON');
    await raw.close();
    chatService.signal(chatHeads, { heads });
    await waitFor(() => heard.length === 3, { what: 'all three to hear it' });
    expect(heard).toEqual([{ heads }, { heads }, { heads }]);
  });
});
