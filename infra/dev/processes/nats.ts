import { connect } from 'node:net';
import { plainEnvironment, type Command } from './command.ts';
import type { NatsPasswords, NatsUser } from '../topology/names.ts';
import { isPlainSecret } from '../passwords.ts';
import { natsConf } from '../topology/paths.ts';

export function natsCommand(file: string, port: number, passwords: NatsPasswords): Command {
  for (const [user, password] of Object.entries(passwords)) {
    // nats-server could parse other characters as a number, a boolean or the end of a value, and so set no
    // password.
    if (!isPlainSecret(password))
      throw new Error(`the NATS password of ${user} has characters that nats-server would misread`);
  }
  return {
    file,
    args: ['-c', natsConf],
    env: {
      ...plainEnvironment(),
      NATS_LISTEN: `127.0.0.1:${String(port)}`,
      NATS_GATEWAY_PASSWORD: passwords.gateway,
      NATS_CHAT_SERVICE_PASSWORD: passwords['chat-service'],
      NATS_MESSAGE_SERVICE_PASSWORD: passwords['message-service'],
      NATS_PRESENCE_SERVICE_PASSWORD: passwords['presence-service'],
      NATS_WEBHOOK_SERVICE_PASSWORD: passwords['webhook-service'],
    },
  };
}

export const natsUrl = (user: NatsUser, passwords: NatsPasswords, port: number, host = '127.0.0.1'): string =>
  `nats://${user}:${passwords[user]}@${host}:${String(port)}`;

/** Whether a NATS server on this port sends its greeting. */
export function natsGreets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 1_000 });
    const answer = (greeted: boolean): void => {
      socket.destroy();
      resolve(greeted);
    };
    socket.once('data', (data) => {
      answer(data.toString().startsWith('INFO '));
    });
    socket.once('error', () => {
      answer(false);
    });
    socket.once('close', () => {
      answer(false);
    });
    socket.once('timeout', () => {
      answer(false);
    });
  });
}
