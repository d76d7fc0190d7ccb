/**
 * The naive server, in one process: no contracts, no access checks, no order across processes, no catch-up.
 * With DATABASE_URL (`bare`) one prepared statement inserts each message before the server emits it. Without
 * (`echo`) the server only emits it.
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import pg from 'pg';
import { Server } from 'socket.io';

interface Sender {
  id: number;
  email: string;
  role: string;
}
interface SendRequest {
  chatId: string;
  message: { text: string };
}
interface Stored {
  seq: number;
  createdAt: Date;
}
type Acknowledge = (reply: unknown) => void;
interface ClientEvents {
  joinChat: (request: { chatId: string }, acknowledge: Acknowledge) => void;
  sendMessage: (request: SendRequest, acknowledge: Acknowledge) => void;
}

const { DATABASE_URL } = process.env;
const insert = DATABASE_URL === undefined ? count : await insertInto(DATABASE_URL);

const http = createServer();
const io = new Server<ClientEvents, Record<string, (data: unknown) => void>, ClientEvents, Sender>(http, {
  serveClient: false,
});
io.use((socket, next) => {
  Object.assign(socket.data, socket.handshake.auth);
  next();
});
io.on('connection', (socket) => {
  socket.on('joinChat', ({ chatId }, acknowledge) => {
    void socket.join(chatId);
    acknowledge({ event: 'joinedChat', data: { chatId, status: 'ACTIVE', messages: [] } });
  });
  socket.on('sendMessage', ({ chatId, message: { text } }, acknowledge) => {
    const id = randomUUID();
    const sender = socket.data;
    void insert(id, chatId, sender, text).then(({ seq, createdAt }) => {
      const message = { id, chatId, seq, senderId: sender.id, text, createdAt, sender };
      io.to(chatId).emit('newMessage', message);
      acknowledge({ event: 'messageSent', data: message });
    });
  });
});
http.listen(Number(process.env['PORT']), '127.0.0.1', () => {
  process.send?.('listening');
});

async function insertInto(url: string) {
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  await pool.query(
    `CREATE TABLE IF NOT EXISTS message (
       chat_id uuid NOT NULL, seq bigserial, id uuid NOT NULL, sender_id bigint NOT NULL, sender_email text NOT NULL, sender_role text NOT NULL,
       text text NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (chat_id, seq))`,
  );
  return async (id: string, chatId: string, sender: Sender, text: string): Promise<Stored> => {
    const {
      rows: [row],
    } = await pool.query<{ seq: string; created_at: Date }>({
      name: 'insert',
      text: 'INSERT INTO message (id, chat_id, sender_id, sender_email, sender_role, text) VALUES ($1, $2, $3, $4, $5, $6) RETURNING seq, created_at',
      values: [id, chatId, sender.id, sender.email, sender.role, text],
    });
    return { seq: Number(row?.seq), createdAt: row?.created_at ?? new Date() };
  };
}

let counted = 0;
function count(): Promise<Stored> {
  return Promise.resolve({ seq: ++counted, createdAt: new Date() });
}
