import { Json, jsonOf } from '@switchboard/shared/bus';
import { digestOfToken, narrow, type FileHolder } from '@switchboard/shared/file-holder';
import type { UserIdentity } from './claims.ts';

/** How a `fileUrl` begins in JSON. A text of a user cannot hold it: its quotes would be escaped. */
const FIELD = '"fileUrl":"';
/** A `fileUrl` as message-service signs it, for no user yet. */
const SIGNED = /("fileUrl":"[^"\\]*&signature=)([\w-]{43})(?=")/g;

export const hasFileUrl = (json: string): boolean => json.includes(FIELD);

/**
 * Data of message-service as it leaves to one user: each `fileUrl` in it is valid for them alone. The JSON is
 * searched, not parsed (ADR 21).
 */
export function forReceiver(data: unknown, receiver: UserIdentity): Json {
  const json = jsonOf(data);
  if (!hasFileUrl(json)) return new Json(json);
  const holder = holderOf(receiver);
  return new Json(
    json.replaceAll(SIGNED, (_, start: string, signature: string) => start + narrow(signature, holder)),
  );
}

const holderOf = ({ actor, issuedAt, tokenId }: UserIdentity): FileHolder => ({
  userId: actor.id,
  role: actor.role,
  issuedAt: Math.floor(issuedAt / 1_000),
  tokenDigest: tokenId === undefined ? undefined : digestOfToken(tokenId),
});
