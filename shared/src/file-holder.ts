import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Role, UserId } from './contracts/index.ts';
import { createSigner } from './signer.ts';

/** The user to whom a gateway delivered a `fileUrl`, and the token with which they got it. */
export interface FileHolder {
  readonly userId: number;
  readonly role: Role;
  /** When the token was issued: whole seconds since 1970. */
  readonly issuedAt: number;
  /** `digestOfToken` of its `jti`; undefined for a token without one. */
  readonly tokenDigest: string | undefined;
}

const DIGEST_LENGTH = 16;
const HolderParts = z.tuple([
  Role,
  z.coerce.number().pipe(UserId),
  z.coerce.number().pipe(z.int().nonnegative()),
  z.union([z.literal('').transform(() => undefined), z.string().length(DIGEST_LENGTH)]),
]);

/** Names a token in a URL, which may be logged, without its `jti`. 96 bits. */
export const digestOfToken = (jti: string): string =>
  createHash('sha256').update(jti).digest('base64url').slice(0, DIGEST_LENGTH);

/**
 * A signature of message-service, narrowed to one holder. It is an HMAC with that signature as the key, as in
 * macaroons: a gateway narrows without a secret, and no one can widen it again. At most 100 characters; dots
 * separate its parts.
 */
export function narrow(signature: string, holder: FileHolder): string {
  const text = textOf(holder);
  return `${text}.${createSigner(signature).sign(text)}`;
}

/** The holder that a signature names, unverified; undefined if it names none. */
export function readHolder(signature: string): FileHolder | undefined {
  const parts = HolderParts.safeParse(signature.split('.').slice(0, -1));
  if (!parts.success) return undefined;
  const [role, userId, issuedAt, tokenDigest] = parts.data;
  const holder = { role, userId, issuedAt, tokenDigest };
  // One spelling each: `7` and `07` are not the same signature.
  return signature.startsWith(`${textOf(holder)}.`) ? holder : undefined;
}

/** Whether `narrowed` was made from `signature` for this holder. */
export const isNarrowedFrom = (signature: string, narrowed: string, holder: FileHolder): boolean => {
  const text = textOf(holder);
  return createSigner(signature).verifies(text, narrowed.slice(text.length + 1));
};

const textOf = ({ role, userId, issuedAt, tokenDigest = '' }: FileHolder): string =>
  [role, userId, issuedAt, tokenDigest].join('.');
