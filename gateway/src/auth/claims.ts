import { Role, type Actor } from '@switchboard/shared/contracts';
import { z } from 'zod';

/** Which claims hold what, where the identity provider names them its own way. */
export interface ClaimNames {
  readonly id: string;
  readonly email: string;
  readonly role: string;
}

/** Who a verified token speaks for, and until when. */
export interface Identity {
  readonly actor: Actor;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

const Id = z.union([z.int(), z.string().regex(/^[0-9]{1,16}$/).transform(Number)]).pipe(z.int().positive());
const Seconds = z.number().nonnegative();

const Claims = z.object({
  id: Id,
  email: z.string().min(1).max(320),
  role: Role,
  exp: Seconds,
  nbf: Seconds.optional(),
  iat: Seconds.optional(),
});

/** Reads verified claims; undefined when they do not say who this is and until when. */
export function readClaims(claims: Readonly<Record<string, unknown>>, names: ClaimNames): Identity | undefined {
  const claim = (name: string): unknown => (Object.hasOwn(claims, name) ? claims[name] : undefined);
  const result = Claims.safeParse({
    id: claim(names.id), email: claim(names.email), role: claim(names.role), exp: claim('exp'), nbf: claim('nbf'), iat: claim('iat'),
  });
  if (!result.success) return undefined;
  const { id, email, role, exp } = result.data;
  return { actor: { id, email, role }, expiresAt: exp * 1000 };
}
