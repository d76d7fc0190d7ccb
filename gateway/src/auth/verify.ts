import { createSecretKey, type KeyObject } from 'node:crypto';
import { MAX_TOKEN_LENGTH, type Subject } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { createRemoteJWKSet, errors as joseErrors, jwtVerify } from 'jose';
import jwt from 'jsonwebtoken';
import type { Config } from '../config.ts';
import { readClaims, type Verify } from './claims.ts';
import { checkOfJose, checkOfMessage, refused } from './refusal.ts';

type Claims = Readonly<Record<string, unknown>>;

/** `userIdOf`: the number of a user whose subject is none. */
export function createVerify(config: Config, userIdOf: (subject: Subject) => Promise<number>): Verify {
  const claimsOf = config.JWT_SECRET === undefined ? byProvider(config) : bySecret(config, config.JWT_SECRET);
  const names = {
    id: config.JWT_ID_CLAIM,
    email: config.JWT_EMAIL_CLAIM,
    role: config.JWT_ROLE_CLAIM,
    name: config.JWT_NAME_CLAIM,
  };
  return async (token) => {
    if (token === undefined) throw refused('no token');
    if (token.length > MAX_TOKEN_LENGTH) throw refused('length');
    const identity = readClaims(await claimsOf(token), names, config.JWT_ROLES);
    if (typeof identity === 'string') throw refused(identity);
    if (identity.kind !== 'subject') return identity;
    const { subject, actor, ...facts } = identity;
    return { ...facts, kind: 'user', actor: { id: await userIdOf(subject), ...actor } };
  };
}

/** Accepts HS256 only, with the keys of the configuration. */
function bySecret(
  { JWT_ISSUER: issuer, JWT_AUDIENCE: audience, JWT_SECRET_ALSO: also }: Config,
  secret: string,
): (token: string) => Promise<Claims> {
  const keys = [secret, ...(also === undefined ? [] : [also])].map((text) => createSecretKey(text, 'utf8'));
  const options = { algorithms: ['HS256' as const], issuer, audience };
  return (token) => {
    let check = 'signature';
    for (const key of keys) {
      const claims = claimsBy(token, key, options);
      if (typeof claims !== 'string') return Promise.resolve(claims);
      // The other key says more than that it did not sign this token.
      if (claims !== 'signature') check = claims;
    }
    return Promise.reject(refused(check));
  };
}

/** The claims, or the check that failed. */
function claimsBy(token: string, key: KeyObject, options: jwt.VerifyOptions): Claims | string {
  try {
    const { header, payload } = jwt.verify(token, key, { ...options, complete: true });
    // jsonwebtoken ignores `crit`, and knows no extension. RFC 7515, section 4.1.11
    if ('crit' in header) return 'crit';
    return typeof payload === 'string' ? 'form' : payload;
  } catch (error) {
    return checkOfMessage(error);
  }
}

const PROVIDER_TIMEOUT_MS = 1_500;
/** How long a key is accepted after the provider has withdrawn it. */
const PROVIDER_MAX_AGE_MS = 600_000;
/** An unknown `kid` fetches the keys again, at most this often: a client may invent one. */
const PROVIDER_COOLDOWN_MS = 10_000;

/** Uses an identity provider's public keys: fetched when needed, cached, fetched again after rotation. */
function byProvider({
  JWT_JWKS_URL = '',
  JWT_ISSUER: issuer,
  JWT_AUDIENCE: audience,
}: Config): (token: string) => Promise<Claims> {
  const keys = createRemoteJWKSet(new URL(JWT_JWKS_URL), {
    timeoutDuration: PROVIDER_TIMEOUT_MS,
    cooldownDuration: PROVIDER_COOLDOWN_MS,
    cacheMaxAge: PROVIDER_MAX_AGE_MS,
  });
  const options = { algorithms: ['RS256', 'ES256', 'EdDSA'], issuer, audience, requiredClaims: ['exp'] };
  return async (token) => {
    // During the cooldown an unknown key may be one that the provider has just added.
    const isCoolingDown = keys.coolingDown;
    try {
      return (await jwtVerify(token, keys, options)).payload;
    } catch (error) {
      if (isCoolingDown && error instanceof joseErrors.JWKSNoMatchingKey)
        throw new Failure('UNAVAILABLE', undefined, { cause: 'kid, unknown so far' });
      if (isTokenError(error)) throw refused(checkOfJose(error));
      throw new Failure('UNAVAILABLE', undefined, { cause: error });
    }
  };
}

/** The token is invalid; otherwise the provider failed. */
const isTokenError = (error: unknown): boolean =>
  error instanceof joseErrors.JOSEError &&
  !(error instanceof joseErrors.JWKSTimeout) &&
  !(error instanceof joseErrors.JWKSInvalid) &&
  error.code !== 'ERR_JOSE_GENERIC';
