import { once } from 'node:events';
import { createServer } from 'node:net';

// AMQP 0-9-1, only as far as a broker that refuses a user. Frames: type, channel, size, payload, end.

const short = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
const long = (value: number): Buffer => Buffer.concat([short(value >> 16), short(value & 0xffff)]);
const longText = (text: string): Buffer => Buffer.concat([long(text.length), Buffer.from(text)]);

function frame(method: number, ...fields: Buffer[]): Buffer {
  const CONNECTION = 10;
  const payload = Buffer.concat([short(CONNECTION), short(method), ...fields]);
  return Buffer.concat([Buffer.from([1, 0, 0]), long(payload.length), payload, Buffer.from([0xce])]);
}

const start = frame(10, Buffer.from([0, 9]), long(0), longText('PLAIN'), longText('en_US'));
const tune = frame(30, short(0), long(0), short(0));
const close = (code: number, text: string): Buffer =>
  frame(50, short(code), Buffer.from([text.length]), Buffer.from(text), short(0), short(0));

/** A broker that refuses the user's password (`login`) or its virtual host (`open`). */
export async function startRefusingRabbit(at: 'login' | 'open'): Promise<{ url: string; stop(): void }> {
  const replies =
    at === 'login'
      ? [start, close(403, 'ACCESS_REFUSED - Login was refused')]
      : [start, tune, close(530, 'NOT_ALLOWED - access to vhost refused')];
  const server = createServer((socket) => {
    const left = [...replies];
    socket.on('error', () => undefined);
    socket.on('data', () => {
      const reply = left.shift();
      if (reply !== undefined) socket.write(reply);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: `amqp://user:password@127.0.0.1:${port.toString()}/`, stop: () => void server.close() };
}
