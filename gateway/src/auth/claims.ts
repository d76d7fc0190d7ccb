import {
  DisplayName,
  Email,
  FIRST_GIVEN_USER_ID,
  MachineName,
  MAX_TOKEN_LIFE_MS,
  Role,
  Subject,
  TokenId,
  type Actor,
} from '@switchboard/shared/contracts';
import { z } from 'zod';

/**
 * Where the claims are, which depends on the identity provider: the name of a claim, such as a URL, or the
 * path to one with dots, such as `realm_access.roles`.
 */
export interface ClaimNames {
  readonly id: string;
  readonly email: string;
  readonly role: string;
  readonly name: string;
}

export type TokenRole = Role | 'service';
/** The roles here by those of the identity provider. */
export type RoleMap = ReadonlyMap<string, TokenRole>;

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

/** A user whose subject is no number: chat-service gives it one. */
export interface SubjectIdentity extends TokenFacts {
  readonly kind: 'subject';
  readonly subject: Subject;
  readonly actor: Omit<Actor, 'id'>;
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

const UserNumber = z
  .int()
  .positive()
  .max(FIRST_GIVEN_USER_ID - 1);
/** A number, or a string that is none. */
const Id = z.union([
  UserNumber,
  z
    .string()
    .regex(/^[1-9][0-9]{0,15}$/)
    .transform(Number)
    .pipe(UserNumber),
  Subject.shape.subject,
]);
const Issuer = Subject.shape.issuer.optional().default('');
const OptionalEmail = Email.nullish().transform((email) => email ?? '');
/** For show only: one that cannot be shown is left out. */
const Name = DisplayName.optional().catch(undefined);
const Seconds = z.number().nonnegative();
const Facts = { exp: Seconds, nbf: Seconds.optional(), iat: Seconds, jti: TokenId.optional() };

const Claims = z.discriminatedUnion('role', [
  z.object({ ...Facts, role: Role, id: Id, iss: Issuer, email: OptionalEmail, name: Name }),
  z.object({ ...Facts, role: z.literal('service'), id: MachineName }),
]);

/** Of several roles in a token the first of these counts. */
export const TOKEN_ROLES = ['admin', 'service', 'client'] as const satisfies TokenRole[];

function roleOf(claim: unknown, map: RoleMap): TokenRole | undefined {
  const named: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  const roles = named.map((one) => (typeof one === 'string' ? map.get(one) : undefined));
  return TOKEN_ROLES.find((role) => roles.includes(role));
}

/** The claim of that name or, if there is none, at that path. */
function claimAt(claims: unknown, name: string): unknown {
  if (typeof claims !== 'object' || claims === null) return undefined;
  if (Object.hasOwn(claims, name)) return new Map<string, unknown>(Object.entries(claims)).get(name);
  const end = name.indexOf('.');
  if (end === -1) return undefined;
  return claimAt(claimAt(claims, name.slice(0, end)), name.slice(end + 1));
}

/** Reads verified claims; the name of one, when the identity or the times are missing or invalid. */
export function readClaims(
  claims: Readonly<Record<string, unknown>>,
  names: ClaimNames,
  roles: RoleMap,
  now = Date.now(),
): Identity | SubjectIdentity | string {
  const claim = (name: string): unknown => claimAt(claims, name);
  const result = Claims.safeParse({
    id: claim(names.id),
    email: claim(names.email),
    role: roleOf(claim(names.role), roles),
    name: claim(names.name),
    exp: claim('exp'),
    nbf: claim('nbf'),
    iat: claim('iat'),
    iss: claim('iss'),
    jti: claim('jti'),
  });
  if (!result.success) return String(result.error.issues[0]?.path[0] ?? 'role');
  const { data } = result;
  const facts = { expiresAt: data.exp * 1_000, issuedAt: data.iat * 1_000, tokenId: data.jti };
  if (facts.expiresAt <= now) return 'exp';
  if (facts.issuedAt > now + CLOCK_SKEW_MS) return 'iat';
  if (facts.expiresAt - facts.issuedAt > MAX_TOKEN_LIFE_MS) return 'exp - iat';
  if (data.role === 'service') return { kind: 'machine', machine: data.id, ...facts };
  const { id, email, role, name, iss } = data;
  const actor = { email, role, ...(name !== undefined && { name }) };
  return typeof id === 'number'
    ? { kind: 'user', actor: { id, ...actor }, ...facts }
    : { kind: 'subject', subject: { issuer: iss, subject: id }, actor, ...facts };
}
