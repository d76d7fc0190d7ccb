import { Email, MachineName, MAX_TOKEN_LIFE_MS, Role, TokenId, type Actor } from '@switchboard/shared/contracts';
import { z } from 'zod';

/** Which claims hold what, where the identity provider names them its own way. */
export interface ClaimNames {
  readonly id: string;
  readonly email: string;
  readonly role: string;
}

/** Of a verified token. Times in milliseconds since 1970. */
interface TokenFacts {
  readonly expiresAt: number;
  readonly issuedAt: number;
  readonly tokenId: string | undefined;
}

/** A user, and the token that says so. */
export interface UserIdentity extends TokenFacts {
  readonly kind: 'user';
  readonly actor: Actor;
}

/** Another system of the enterprise, and the token that says so: good for HTTP only. */
export interface MachineIdentity extends TokenFacts {
  readonly kind: 'machine';
  readonly machine: string;
}

export type Identity = UserIdentity | MachineIdentity;

/** Issuers' clocks may be this much ahead of ours. */
export const CLOCK_SKEW_MS = 10_000;

const Id = z.union([z.int(), z.string().regex(/^[1-9][0-9]{0,15}$/).transform(Number)]).pipe(z.int().positive());
const Seconds = z.number().nonnegative();
const Facts = { exp: Seconds, nbf: Seconds.optional(), iat: Seconds, jti: TokenId.optional() };

const Claims = z.discriminatedUnion('role', [
  z.object({ ...Facts, role: Role, id: Id, email: Email }),
  z.object({ ...Facts, role: z.literal('service'), id: MachineName }),
]);

/** Reads verified claims; undefined when they do not say who this is, or since and until when in a way that can be. */
export function readClaims(claims: Readonly<Record<string, unknown>>, names: ClaimNames, now = Date.now()): Identity | undefined {
  const claim = (name: string): unknown => (Object.hasOwn(claims, name) ? claims[name] : undefined);
  const result = Claims.safeParse({
    id: claim(names.id), email: claim(names.email), role: claim(names.role), exp: claim('exp'), nbf: claim('nbf'), iat: claim('iat'), jti: claim('jti'),
  });
  if (!result.success) return undefined;
  const { data } = result;
  const facts = { expiresAt: data.exp * 1_000, issuedAt: data.iat * 1_000, tokenId: data.jti };
  if (facts.expiresAt <= now || facts.issuedAt > now + CLOCK_SKEW_MS || facts.expiresAt - facts.issuedAt > MAX_TOKEN_LIFE_MS) return undefined;
  if (data.role === 'service') return { kind: 'machine', machine: data.id, ...facts };
  return { kind: 'user', actor: { id: data.id, email: data.email, role: data.role }, ...facts };
}
