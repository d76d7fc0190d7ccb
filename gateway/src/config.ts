import { Bytes, Flag, internalConfig, Key, Limit, Port, processConfig } from '@switchboard/shared/runtime';
import { z } from 'zod';

const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text;

/** `*`, or origins as browsers name them (RFC 6454), separated by commas. */
const Origins = z.string().transform((list, context): ReadonlySet<string> | 'any' => {
  if (list.trim() === '*') return 'any';
  const origins = list.split(',').map((origin) => origin.trim());
  const wrong = origins.find((origin) => !isOrigin(origin));
  if (wrong === undefined) return new Set(origins);
  context.addIssue(`${wrong} is no origin: https://chat.example.com, without a path or a slash at the end`);
  return z.NEVER;
});

/** The environment of the gateway. */
export const Config = z
  .object({
    ...processConfig,
    ...internalConfig,
    HOST: z.string().default('0.0.0.0'),
    PORT: Port.default(3000),
    JWT_SECRET: Key.optional(),
    /** Whose tokens are good as well, while keys are changed. */
    JWT_SECRET_ALSO: Key.optional(),
    JWT_JWKS_URL: z.url().optional(),
    JWT_ISSUER: z.string().optional(),
    JWT_AUDIENCE: z.string().optional(),
    JWT_ID_CLAIM: z.string().default('sub'),
    JWT_EMAIL_CLAIM: z.string().default('email'),
    JWT_ROLE_CLAIM: z.string().default('role'),
    /** Tokens in URLs end up in logs; off unless a client cannot do otherwise. */
    AUTH_QUERY_TOKEN: Flag.default(false),
    /** Whether the contracts are shown at /docs. */
    DOCS: Flag.default(true),
    MAX_FILE_BYTES: Bytes.default(25 * 1024 * 1024),
    ALLOWED_ORIGINS: Origins.default('any'),
    /** How many proxies of ours stand before the gateway; each appends the address it was called from to `X-Forwarded-For`. */
    TRUSTED_PROXY_HOPS: z.coerce.number().int().min(0).max(10).default(0),
    RATE_LIMIT_EVENTS: Limit.default(25),
    RATE_LIMIT_ADDRESS: Limit.default(100),
    RATE_LIMIT_CONNECTS: Limit.default(500),
    MAX_IN_FLIGHT: z.coerce.number().int().min(1).max(100).default(8),
    MAX_SOCKETS_PER_USER: Limit.default(20),
    MAX_CONNECTIONS_PER_ADDRESS: Limit.default(1_000),
  })
  .refine((config) => (config.JWT_SECRET === undefined) !== (config.JWT_JWKS_URL === undefined), {
    path: ['JWT_SECRET'],
    error: 'exactly one of JWT_SECRET (a key of at least 32 bytes) and JWT_JWKS_URL (an identity provider) is needed',
  });
export type Config = z.output<typeof Config>;
