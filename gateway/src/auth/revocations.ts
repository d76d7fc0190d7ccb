import { setTimeout as sleep } from 'node:timers/promises';
import { type Bus } from '@switchboard/shared/bus';
import { observeGauge } from '@switchboard/shared/telemetry';
import { presenceContracts, REVOCATIONS_PAGE, type Revocation } from '@switchboard/shared/contracts';
import { digestOfToken, type FileHolder } from '@switchboard/shared/file-holder';
import type { Logger } from '@switchboard/shared/runtime';
import { CLOCK_SKEW_MS, type Identity, type Verify } from './claims.ts';
import { refused } from './refusal.ts';

/** A revocation must hold on all gateways one second after its reply. */
const EVERY_MS = 400;
const PRUNE_EVERY_MS = 60_000;

interface InForce {
  /** Tokens issued until then are revoked. A single token is revoked whenever it was issued. */
  readonly revokedAt: number;
  /** All tokens that it revokes have expired then. */
  readonly until: number;
}

const idOf = ({ userId, jti }: Pick<Revocation, 'userId' | 'jti'>): string =>
  jti === undefined ? `user ${String(userId)}` : `token ${jti}`;

/**
 * A copy of presence-service's list of revocations. It polls from the last position, so that no revocation is
 * lost. While presence-service is away no token can be revoked, and the copy stays valid.
 */
export class Revocations {
  readonly #bus: Bus;
  readonly #logger: Logger;
  readonly #revocations = new Map<string, InForce>();
  /** Of single tokens, by their digest. */
  readonly #digests = new Map<string, InForce>();
  readonly #stopObserving: () => void;
  #onRevoked: () => void = () => undefined;
  #position = 0;
  #prunedAt = performance.now();
  #isStopped = false;

  private constructor(bus: Bus, logger: Logger) {
    this.#bus = bus;
    this.#logger = logger;
    this.#stopObserving = observeGauge(
      'switchboard.gateway.revocations',
      '{revocation}',
      'Revocations in force',
      () => [{ labels: {}, value: this.#revocations.size }],
    );
  }

  /** Reads the whole list. Waits for presence-service without a limit: no socket is admitted before. */
  static async read(bus: Bus, logger: Logger): Promise<Revocations> {
    const revocations = new Revocations(bus, logger);
    while (!(await revocations.#readAll())) await sleep(EVERY_MS);
    return revocations;
  }

  /**
   * Holds a revocation that this gateway has just forwarded, before its reply leaves: it does not wait for
   * the next poll.
   */
  apply(revocation: Revocation): void {
    this.#add(revocation);
    this.#onRevoked();
  }

  /** Keeps polling; `onRevoked` runs after each new revocation. */
  follow(onRevoked: () => void): void {
    this.#onRevoked = onRevoked;
    void this.#follow(onRevoked);
  }

  async #follow(onRevoked: () => void): Promise<void> {
    // From 0: sockets may have connected while the first pages were read.
    let reported = 0;
    while (!this.#isStopped) {
      await sleep(EVERY_MS, undefined, { ref: false });
      await this.#readAll();
      // `#readAll` may have read a page before it failed.
      if (this.#position > reported) onRevoked();
      reported = this.#position;
      this.#prune();
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#stopObserving();
  }

  has(identity: Identity): boolean {
    if (identity.tokenId !== undefined && this.#revocations.has(idOf({ jti: identity.tokenId }))) return true;
    if (identity.kind === 'machine') return false;
    return this.#isUserRevoked(identity.actor.id, identity.issuedAt);
  }

  /** Whether the token with which a user got a `fileUrl` is revoked. */
  hasHolder({ userId, issuedAt, tokenDigest }: FileHolder): boolean {
    if (tokenDigest !== undefined && this.#digests.has(tokenDigest)) return true;
    return this.#isUserRevoked(userId, issuedAt * 1_000);
  }

  /** `issuedAt`: milliseconds since 1970. */
  #isUserRevoked(userId: number, issuedAt: number): boolean {
    const revocation = this.#revocations.get(idOf({ userId }));
    // The issuer's clock may have been ahead.
    return revocation !== undefined && issuedAt <= revocation.revokedAt + CLOCK_SKEW_MS;
  }

  /** False when reading failed before the end. */
  async #readAll(): Promise<boolean> {
    try {
      let hasMore = true;
      while (hasMore) hasMore = await this.#readPage();
      return true;
    } catch (error) {
      this.#logger.debug({ err: error }, 'revocations: reading failed');
      return false;
    }
  }

  async #readPage(): Promise<boolean> {
    const { revocations, hasMore } = await this.#bus.request(presenceContracts.readRevocations, {
      after: this.#position,
      limit: REVOCATIONS_PAGE,
    });
    for (const revoked of revocations) {
      this.#add(revoked);
      this.#position = revoked.position;
    }
    return hasMore;
  }

  #add(revoked: Revocation): void {
    const inForce = { revokedAt: Date.parse(revoked.revokedAt), until: Date.parse(revoked.until) };
    this.#revocations.set(idOf(revoked), inForce);
    if (revoked.jti !== undefined) this.#digests.set(digestOfToken(revoked.jti), inForce);
  }

  #prune(): void {
    if (performance.now() - this.#prunedAt < PRUNE_EVERY_MS) return;
    this.#prunedAt = performance.now();
    for (const known of [this.#revocations, this.#digests])
      for (const [id, { until }] of known) if (until < Date.now()) known.delete(id);
  }
}

/** `verify`, which also throws UNAUTHORIZED for a revoked token. */
export const unlessRevoked =
  (verify: Verify, revocations: Revocations): Verify =>
  async (token) => {
    const identity = await verify(token);
    if (revocations.has(identity)) throw refused('revoked');
    return identity;
  };
