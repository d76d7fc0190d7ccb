import type { Revocation } from '@switchboard/shared/contracts';

/** All tokens of a user, or one token. */
export type Revoked = { readonly userId: number } | { readonly jti: string };

export type PositionedRevocation = Revocation & { readonly position: number };

/**
 * Revocations that a valid token can still match. Failures: UNAVAILABLE and BUSY when Postgres is down or
 * slow.
 */
export interface RevocationStore {
  /** Resolves after COMMIT. Replaces an earlier revocation of the same user or token. */
  revoke(revoked: Revoked, by: string): Promise<Revocation>;
  /** In order of position, which is the order of COMMIT. */
  readAfter(position: number, limit: number): Promise<PositionedRevocation[]>;
  /** Deletes revocations that no valid token can match any more. */
  deleteExpired(): Promise<void>;
}
