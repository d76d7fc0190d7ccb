/**
 * A separate process that sends at 100 times the rate limit, as one user with several sockets, and reconnects
 * when it is disconnected. No faster, since its own work loads the measured machine, too.
 */
import { io, type Socket } from 'socket.io-client';

const { FLOOD_URL = '', FLOOD_TOKEN = '', FLOOD_CHAT = '' } = process.env;
const SOCKETS = 4;
const AT_ONCE = 25;
const EVERY_MS = 10;

const events: [string, unknown][] = [
  ['sendMessage', { chatId: FLOOD_CHAT, message: { text: 'x'.repeat(1_000) } }],
  ['typing', { chatId: FLOOD_CHAT, isTyping: true }],
  ['joinChat', FLOOD_CHAT],
  ['nonsense', {}],
  ['readMessages', { chatId: FLOOD_CHAT, messageIds: [] }],
];

function flood(socket: Socket): void {
  let sent = 0;
  const on = () => {
    if (!socket.connected) return;
    for (let n = 0; n < AT_ONCE; n++) socket.emit(...(events[sent++ % events.length] ?? ['nonsense', {}]));
    setTimeout(on, EVERY_MS);
  };
  socket.on('connect', on);
  const again = () => {
    setTimeout(() => {
      socket.connect();
    }, 50);
  };
  socket.on('connect_error', again);
  socket.on('disconnect', again);
}

for (let n = 0; n < SOCKETS; n++)
  flood(
    io(FLOOD_URL, {
      auth: { token: FLOOD_TOKEN },
      forceNew: true,
      transports: ['websocket'],
      reconnection: false,
    }),
  );
process.send?.('flooding');
