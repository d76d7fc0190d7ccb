import { randomBytes } from 'node:crypto';
import type { NatsPasswords, PostgresPasswords } from './topology/names.ts';

/**
 * 256 random bits. Begins with a letter: nats-server reads a variable that looks like a number as a number.
 */
export const newSecret = (): string => `s${randomBytes(32).toString('base64url')}`;

/** Safe in a URL, in SQL and in nats-server.conf without quoting. */
export const isPlainSecret = (value: string): boolean => /^[A-Za-z][\w-]{31,}$/.test(value);

export const newNatsPasswords = (): NatsPasswords => ({
  gateway: newSecret(),
  'chat-service': newSecret(),
  'message-service': newSecret(),
  'presence-service': newSecret(),
  'webhook-service': newSecret(),
});

export const newPostgresPasswords = (): PostgresPasswords => ({
  postgres: newSecret(),
  chat_migrator: newSecret(),
  chat_service: newSecret(),
  message_migrator: newSecret(),
  message_service: newSecret(),
  presence_migrator: newSecret(),
  presence_service: newSecret(),
  webhook_migrator: newSecret(),
  webhook_service: newSecret(),
});
