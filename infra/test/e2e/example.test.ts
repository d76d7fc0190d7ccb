import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { io, type Socket } from 'socket.io-client';
import { startSystem, waitFor, type TestSystem } from '../helpers/index.ts';
import { aClient, openChat } from './client.ts';

// The example of the API documentation, unchanged, and again without acknowledgements.

let system: TestSystem;
let socket: Socket | undefined;
beforeAll(async () => {
  system = await startSystem();
}, 90_000);
afterAll(async () => {
  socket?.disconnect();
  await system.stop();
}, 60_000);

it('runs unchanged', async () => {
  const owner = aClient();
  const chatId = await openChat(system, owner);
  const said: string[] = [];
  const log = (what: string, value?: { event?: string; data?: unknown; text?: string }) => {
    said.push(`${what} ${value?.event ?? value?.text ?? ''}`.trim());
  };

  socket = io(system.url, { auth: { token: system.token(owner) } });
  socket.on('connect', () => {
    socket?.emit('joinChat', chatId, (response: { event: string }) => {
      log('Joined chat:', response);
    });
  });
  socket.on('newMessage', (message: { text: string }) => {
    log('New message received:', message);
  });
  socket.emit('sendMessage', { chatId, message: { text: 'Hello world!' } }, (response: { event: string }) => {
    log('Message sent:', response);
  });
  socket.emit('typing', { chatId, isTyping: true });
  socket.on('error', (error: string) => {
    log(`Socket error: ${error}`);
  });
  socket.on('disconnect', () => {
    log('Disconnected from chat server');
  });

  await waitFor(() => said.length === 2 || said.includes('New message received: Hello world!'), {
    what: 'the example to run',
  });
  await waitFor(
    () => said.includes('Joined chat: joinedChat') && said.includes('Message sent: messageSent'),
    { what: 'both replies' },
  );
  expect(said.filter((line) => line.startsWith('Socket error'))).toEqual([]);
  socket.disconnect();
  await waitFor(() => said.includes('Disconnected from chat server'), { what: 'the disconnect' });
});

it('runs without acknowledgements', async () => {
  const owner = aClient();
  const chatId = await openChat(system, owner);
  const received: string[] = [];
  socket = io(system.url, { auth: { token: system.token(owner) } });
  socket.onAny((event: string) => {
    received.push(event);
  });
  socket.on('connect', () => {
    socket?.emit('joinChat', chatId);
  });
  socket.emit('sendMessage', { chatId, message: { text: 'Hello world!' } });
  socket.emit('typing', { chatId, isTyping: true });
  await waitFor(() => received.includes('joinedChat') && received.includes('messageSent'), {
    what: 'the replies',
  });
  expect(received).not.toContain('error');
});
