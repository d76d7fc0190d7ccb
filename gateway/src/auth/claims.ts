import {
  Email,
  MachineName,
  MAX_TOKEN_LIFE_MS,
  Role,
  TokenId,
  type Actor,
} from '@switchboard/shared/contracts';
import { z } from 'zod';

/** The names of the claims, which depend on the identity provider. */
export interface ClaimNames {
  readonly id: string;
  readonly email: string;
  readonly role: string;
}

/** Facts of a verified token. Times in milliseconds since 1970. */
interface TokenFacts {
  readonly expiresAt: number;
  readonly issuedAt: number;
  readonly tokenId: string | undefined;
}

/** A user with a token. */
export interface UserIdentity extends TokenFacts {
  readonly kind: 'user';
  readonly actor: Actor;
}

/** Another system with a token. Valid for HTTP only. */
export interface MachineIdentity extends TokenFacts {
  readonly kind: 'machine';
  readonly machine: string;
}

export type Identity = UserIdentity | MachineIdentity;

/**
 * The identity in a token. Throws UNAUTHORIZED if any check failed, UNAVAILABLE if the provider's keys cannot
 * be fetched, or were fetched so lately that they may lack a new one.
 */
export type Verify = (token: string | undefined) => Promise<Identity>;

/** How far an issuer's clock may be ahead. */
export const CLOCK_SKEW_MS = 10_000;

const Id = z
  .union([
    z.int(),
    z
      .string()
      .regex(/^[1-9][0-9]{0,15}$/)
      .transform(Number),
  ])
  .pipe(z.int().positive());
const Seconds = z.number().nonnegative();
const Facts = { exp: Seconds, nbf: Seconds.optional(), iat: Seconds, jti: TokenId.optional() };

const Claims = z.discriminatedUnion('role', [
  z.object({ ...Facts, role: Role, id: Id, email: Email }),
  z.object({ ...Facts, role: z.literal('service'), id: MachineName }),
]);

/** Reads verified claims; the name of one, when the identity or the times are missing or invalid. */
export function readClaims(
  claims: Readonly<Record<string, unknown>>,
  names: ClaimNames,
  now = Date.now(),
): Identity | string {
  const claim = (name: string): unknown => (Object.hasOwn(claims, name) ? claims[name] : undefined);
  const result = Claims.safeParse({
    id: claim(names.id),
    email: claim(names.email),
    role: claim(names.role),
    exp: claim('exp'),
    nbf: claim('nbf'),
    iat: claim('iat'),
    jti: claim('jti'),
  });
  if (!result.success) return String(result.error.issues[0]?.path[0] ?? 'role');
  const { data } = result;
  const facts = { expiresAt: data.exp * 1_000, issuedAt: data.iat * 1_000, tokenId: data.jti };
  if (facts.expiresAt <= now) return 'exp';
  if (facts.issuedAt > now + CLOCK_SKEW_MS) return 'iat';
  if (facts.expiresAt - facts.issuedAt > MAX_TOKEN_LIFE_MS) return 'exp - iat';
  if (data.role === 'service') return { kind: 'machine', machine: data.id, ...facts };
  return { kind: 'user', actor: { id: data.id, email: data.email, role: data.role }, ...facts };
}
