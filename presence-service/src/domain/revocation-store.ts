import type { Revocation } from '@switchboard/shared/contracts';

/** Whose tokens are revoked: all of a user's, or one. */
export type Revoked = { readonly userId: number } | { readonly jti: string };

export type PositionedRevocation = Revocation & { readonly position: number };

/** What was revoked and still matters. Failures: UNAVAILABLE and BUSY when Postgres is down or slow. */
export interface RevocationStore {
  /** Resolves after COMMIT. Revoking the same again takes the place of what was revoked before. */
  revoke(revoked: Revoked, by: string): Promise<Revocation>;
  /** In order; whatever is committed later has a higher position. */
  readAfter(position: number, limit: number): Promise<PositionedRevocation[]>;
  /** Those that no valid token can fall under any more. */
  forgetOver(): Promise<void>;
}
