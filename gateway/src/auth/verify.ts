import { createSecretKey, type KeyObject } from 'node:crypto';
import { MAX_TOKEN_LENGTH } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { createRemoteJWKSet, errors as joseErrors, jwtVerify } from 'jose';
import jwt from 'jsonwebtoken';
import type { Config } from '../config.ts';
import { readClaims, type Identity } from './claims.ts';

/** Who a token speaks for. Throws UNAUTHORIZED, whichever check failed, and UNAVAILABLE when the provider's keys cannot be had. */
export type Verify = (token: string | undefined) => Promise<Identity>;

type Claims = Readonly<Record<string, unknown>>;

export function createVerify(config: Config): Verify {
  const claimsOf = config.JWT_SECRET === undefined ? byProvider(config) : bySecret(config, config.JWT_SECRET);
  const names = { id: config.JWT_ID_CLAIM, email: config.JWT_EMAIL_CLAIM, role: config.JWT_ROLE_CLAIM };
  return async (token) => {
    if (token === undefined || token.length > MAX_TOKEN_LENGTH) throw new Failure('UNAUTHORIZED');
    const identity = readClaims(await claimsOf(token), names);
    if (identity === undefined) throw new Failure('UNAUTHORIZED');
    return identity;
  };
}

/** HS256 and nothing else, with a key of our own. */
function bySecret({ JWT_ISSUER: issuer, JWT_AUDIENCE: audience, JWT_SECRET_ALSO: also }: Config, secret: string): (token: string) => Promise<Claims> {
  const keys = [secret, ...(also === undefined ? [] : [also])].map((text) => createSecretKey(text, 'utf8'));
  const options = { algorithms: ['HS256' as const], issuer, audience };
  const claimsBy = (token: string, key: KeyObject): Claims | undefined => {
    try {
      const claims = jwt.verify(token, key, options);
      return typeof claims === 'string' ? undefined : claims;
    } catch {
      return undefined;
    }
  };
  return (token) => {
    for (const key of keys) {
      const claims = claimsBy(token, key);
      if (claims !== undefined) return Promise.resolve(claims);
    }
    return Promise.reject(new Failure('UNAUTHORIZED'));
  };
}

const PROVIDER_TIMEOUT_MS = 1_500;
/** Keys are fetched again for an unknown `kid`, but not for every made-up one. */
const PROVIDER_COOLDOWN_MS = 10_000;

/** An identity provider's public keys, by their `kid`; fetched when needed, kept, and fetched again when they rotate. */
function byProvider({ JWT_JWKS_URL = '', JWT_ISSUER: issuer, JWT_AUDIENCE: audience }: Config): (token: string) => Promise<Claims> {
  const keys = createRemoteJWKSet(new URL(JWT_JWKS_URL), { timeoutDuration: PROVIDER_TIMEOUT_MS, cooldownDuration: PROVIDER_COOLDOWN_MS });
  const options = { algorithms: ['RS256', 'ES256', 'EdDSA'], issuer, audience, requiredClaims: ['exp'] };
  return async (token) => {
    try {
      return (await jwtVerify(token, keys, options)).payload;
    } catch (error) {
      throw new Failure(saysNo(error) ? 'UNAUTHORIZED' : 'UNAVAILABLE', undefined, { cause: error });
    }
  };
}

/** Whether an error is the token's fault, rather than the provider's. */
const saysNo = (error: unknown): boolean =>
  error instanceof joseErrors.JOSEError && !(error instanceof joseErrors.JWKSTimeout) && !(error instanceof joseErrors.JWKSInvalid)
  && error.code !== 'ERR_JOSE_GENERIC';
