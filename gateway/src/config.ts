import {
  Bytes,
  Flag,
  HttpUrl,
  internalConfig,
  Key,
  Limit,
  numeric,
  Port,
  processConfig,
} from '@switchboard/shared/runtime';
import { z } from 'zod';
import { TOKEN_ROLES, type RoleMap, type TokenRole } from './auth/claims.ts';

/** Also of apps: `capacitor://localhost`, `chrome-extension://…`. Their `URL.origin` is `null`. */
function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.host === '') return false;
  return text === (url.origin === 'null' ? `${url.protocol}//${url.host}` : url.origin);
}

/** `*`, or a comma-separated list of origins (RFC 6454). */
const Origins = z.string().transform((list, context): ReadonlySet<string> | 'any' => {
  if (list.trim() === '*') return 'any';
  const origins = list.split(',').map((origin) => origin.trim());
  const wrong = origins.find((origin) => !isOrigin(origin));
  if (wrong === undefined) return new Set(origins);
  context.addIssue(
    `${wrong} is not an origin. Write https://chat.example.com, without a path or a slash at the end`,
  );
  return z.NEVER;
});

/** A role that the list does not name goes by its own name. */
const rolesOf = (listed: readonly (readonly [name: string, role: TokenRole])[]): RoleMap =>
  new Map([
    ...TOKEN_ROLES.filter((role) => listed.every(([, other]) => other !== role)).map(
      (role) => [role, role] as const,
    ),
    ...listed,
  ]);

/** `agent=admin,supervisor=admin`: roles of the identity provider, and what they are here. */
const Roles = z.string().transform((list, context): RoleMap => {
  const listed = list.split(',').map((pair) => {
    const [name = '', role] = pair.split('=').map((part) => part.trim());
    return [name, TOKEN_ROLES.find((known) => known === role)] as const;
  });
  const known = listed.flatMap(([name, role]) =>
    name === '' || role === undefined ? [] : [[name, role] as const],
  );
  if (known.length === listed.length) return rolesOf(known);
  context.addIssue(`must name roles with ${TOKEN_ROLES.join(', ')}, such as agent=admin,user=client`);
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
    /** A second valid key, for key rotation. */
    JWT_SECRET_ALSO: Key.optional(),
    JWT_JWKS_URL: HttpUrl.optional(),
    JWT_ISSUER: z.string().optional(),
    JWT_AUDIENCE: z.string().optional(),
    JWT_ID_CLAIM: z.string().default('sub'),
    JWT_EMAIL_CLAIM: z.string().default('email'),
    JWT_ROLE_CLAIM: z.string().default('role'),
    JWT_NAME_CLAIM: z.string().default('name'),
    JWT_ROLES: Roles.default(rolesOf([])),
    /** Accepts tokens in URLs. Off by default: URLs end up in logs. */
    AUTH_QUERY_TOKEN: Flag.default(false),
    /** Serves the contracts at /docs. */
    DOCS: Flag.default(true),
    /** Off where no webhook-service runs: its routes then reply NOT_CONFIGURED, which is not retryable. */
    WEBHOOKS: Flag.default(true),
    MAX_FILE_BYTES: Bytes.default(25 * 1024 * 1024),
    ALLOWED_ORIGINS: Origins.default('any'),
    /** Trusted proxies in front of the gateway. Each appends its caller's address to `X-Forwarded-For`. */
    TRUSTED_PROXY_HOPS: numeric('must be a whole number from 0 to 10', { min: 0, max: 10 }).default(0),
    RATE_LIMIT_EVENTS: Limit.default(25),
    RATE_LIMIT_ADDRESS: Limit.default(100),
    RATE_LIMIT_CONNECTS: Limit.default(500),
    MAX_IN_FLIGHT: numeric('must be a whole number from 1 to 100', { min: 1, max: 100 }).default(8),
    MAX_SOCKETS_PER_USER: Limit.default(20),
    MAX_CONNECTIONS_PER_ADDRESS: Limit.default(1_000),
  })
  .refine((config) => (config.JWT_SECRET === undefined) !== (config.JWT_JWKS_URL === undefined), {
    path: ['JWT_SECRET'],
    error:
      'set exactly one of JWT_SECRET (a key of at least 32 bytes) and JWT_JWKS_URL (an identity provider)',
    // Also beside mistakes in other variables: all are named at once.
    when: ({ issues }) => !issues.some(({ path }) => /^JWT_(SECRET|JWKS_URL)$/.test(String(path?.[0]))),
  });
export type Config = z.output<typeof Config>;
