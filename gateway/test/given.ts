import { randomUUID } from 'node:crypto';
import type { Actor, Message } from '@switchboard/shared/contracts';
import { mintToken, WITHOUT_LIMITS } from '@switchboard/infra/test';
import type { Verify } from '../src/auth/claims.ts';
import { createVerify } from '../src/auth/verify.ts';
import { Config } from '../src/config.ts';

/** The users of the tests. */
export const owner: Actor = { id: 1, email: 'owner@example.com', role: 'client' };
export const admin: Actor = { id: 9, email: 'admin@example.com', role: 'admin' };

export const SECRET = 'a secret of thirty-two bytes, or so';
export const tokenOf = (actor: Actor, expiresIn?: number): string =>
  mintToken(SECRET, { ...actor, expiresIn });

/** For tokens whose subject is a number. */
export const verifyOf = (config: Config): Verify =>
  createVerify(config, () => Promise.reject(new Error('the subject is no number')));

/** The gateway's configuration, on any free port. */
export const aConfig = (environment: Record<string, string | undefined> = {}): Config =>
  Config.parse({
    NATS_URL: 'nats://127.0.0.1:1',
    HOST: '127.0.0.1',
    PORT: '0',
    JWT_SECRET: SECRET,
    ...WITHOUT_LIMITS,
    ...environment,
  });

export const aMessage = (chatId: string, seq: number, sender = owner): Message => ({
  id: randomUUID(),
  chatId,
  seq,
  senderId: sender.id,
  text: `m${seq}`,
  createdAt: '2026-01-02T03:04:05.678Z',
  sender,
  version: 1,
});

export const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);
