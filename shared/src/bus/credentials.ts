import { nkeys } from '@nats-io/transport-node';

// What a NATS user proves who it is with. See https://docs.nats.io/running-a-nats-service/configuration/securing_nats.

/** The public key of a NATS user's seed (`SU…`). Undefined for another text. */
export function publicKeyOf(seed: string): string | undefined {
  if (!seed.trim().startsWith('SU')) return undefined;
  try {
    return nkeys.fromSeed(Buffer.from(seed.trim())).getPublicKey();
  } catch {
    return undefined;
  }
}

export interface Credentials {
  readonly jwt: string;
  readonly seed: string;
  /** The public key of the user. */
  readonly user: string;
  /** Seconds since 1970. Undefined: they do not end. */
  readonly endsAt: number | undefined;
}

/** The JWT and the seed of a `.creds` file. Undefined when they are not those of one user. */
export function credentialsOf(text: string): Credentials | undefined {
  const [jwt, seed] = [blockOf('NATS USER JWT', text), blockOf('USER NKEY SEED', text)];
  if (jwt === undefined || seed === undefined) return undefined;
  const user = publicKeyOf(seed);
  const claims = claimsOf(jwt);
  return user === undefined || claims?.sub !== user ? undefined : { jwt, seed, user, endsAt: claims.exp };
}

// `nsc` ends a JWT with six dashes and starts it with five.
const blockOf = (name: string, text: string): string | undefined =>
  new RegExp(`-{3,} ?BEGIN ${name} ?-{3,}\\s+(\\S+)\\s+-{3,} ?END ${name} ?-{3,}`).exec(text)?.[1];

function claimsOf(jwt: string): { sub: unknown; exp: number | undefined } | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
    if (typeof claims !== 'object' || claims === null || !('sub' in claims)) return undefined;
    const exp = 'exp' in claims && typeof claims.exp === 'number' && claims.exp > 0 ? claims.exp : undefined;
    return { sub: claims.sub, exp };
  } catch {
    return undefined;
  }
}
