import { Bytes, Flag, internalConfig, Port, processConfig } from '@switchboard/shared/runtime';
import { z } from 'zod';

/** The environment of the gateway. */
export const Config = z
  .object({
    ...processConfig,
    ...internalConfig,
    HOST: z.string().default('0.0.0.0'),
    PORT: Port.default(3000),
    JWT_SECRET: z.string().refine((secret) => Buffer.byteLength(secret) >= 32, { error: 'must be at least 32 bytes' }).optional(),
    JWT_JWKS_URL: z.url().optional(),
    JWT_ISSUER: z.string().optional(),
    JWT_AUDIENCE: z.string().optional(),
    JWT_ID_CLAIM: z.string().default('sub'),
    JWT_EMAIL_CLAIM: z.string().default('email'),
    JWT_ROLE_CLAIM: z.string().default('role'),
    /** Tokens in URLs end up in logs; off unless a client cannot do otherwise. */
    AUTH_QUERY_TOKEN: Flag.default(false),
    MAX_FILE_BYTES: Bytes.default(25 * 1024 * 1024),
  })
  .refine((config) => (config.JWT_SECRET === undefined) !== (config.JWT_JWKS_URL === undefined), {
    path: ['JWT_SECRET'],
    error: 'exactly one of JWT_SECRET (a key of at least 32 bytes) and JWT_JWKS_URL (an identity provider) is needed',
  });
export type Config = z.output<typeof Config>;
