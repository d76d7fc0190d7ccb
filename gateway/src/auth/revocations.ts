import { setTimeout as sleep } from 'node:timers/promises';
import { observe, type Bus } from '@switchboard/shared/bus';
import { presenceContracts, REVOCATIONS_PAGE, type ReplyOf } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { Logger } from '@switchboard/shared/runtime';
import { CLOCK_SKEW_MS, type Identity } from './claims.ts';
import type { Verify } from './verify.ts';

type Revoked = ReplyOf<typeof presenceContracts.readRevocations>['revocations'][number];

/** A revocation holds everywhere a second after it was answered. */
const EVERY_MS = 400;
const PRUNE_EVERY_MS = 60_000;

interface Ended {
  /** Tokens issued until then; of a single token, whenever it was issued. */
  readonly revokedAt: number;
  /** No token that it is about is valid after that. */
  readonly until: number;
}

const idOf = ({ userId, jti }: Pick<Revoked, 'userId' | 'jti'>): string => (jti === undefined ? `user ${String(userId)}` : `token ${jti}`);

/**
 * What presence-service's list of revocations says, read from the position reached before. Asking for it, again and again, needs
 * no other way to hear of one that was missed. While presence-service is away nothing can be revoked, and what was read holds.
 */
export class Revocations {
  readonly #bus: Bus;
  readonly #logger: Logger;
  readonly #ended = new Map<string, Ended>();
  readonly #stopObserving: () => void;
  #position = 0;
  #prunedAt = performance.now();
  #isStopped = false;

  private constructor(bus: Bus, logger: Logger) {
    this.#bus = bus;
    this.#logger = logger;
    this.#stopObserving = observe('switchboard.gateway.revocations', '{revocation}', 'Revocations that hold', () => [{ labels: {}, value: this.#ended.size }]);
  }

  /** All that holds already, waiting for presence-service as long as it takes: nobody is let in before. */
  static async read(bus: Bus, logger: Logger): Promise<Revocations> {
    const revocations = new Revocations(bus, logger);
    while (!(await revocations.#readAll())) await sleep(EVERY_MS);
    return revocations;
  }

  /** Reads on; `onRevoked` is called whenever there is something new. */
  follow(onRevoked: () => void): void {
    void this.#follow(onRevoked);
  }

  async #follow(onRevoked: () => void): Promise<void> {
    // Whoever connected while the first were read was judged by what was read so far.
    let told = 0;
    while (!this.#isStopped) {
      await sleep(EVERY_MS, undefined, { ref: false });
      await this.#readAll();
      // A page may have been read, and the next not.
      if (this.#position > told) onRevoked();
      told = this.#position;
      this.#prune();
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#stopObserving();
  }

  has(identity: Identity): boolean {
    if (identity.tokenId !== undefined && this.#ended.has(idOf({ jti: identity.tokenId }))) return true;
    if (identity.kind === 'machine') return false;
    const ended = this.#ended.get(idOf({ userId: identity.actor.id }));
    // Its issuer's clock may have been ahead.
    return ended !== undefined && identity.issuedAt <= ended.revokedAt + CLOCK_SKEW_MS;
  }

  /** False when it could not be read to the end. */
  async #readAll(): Promise<boolean> {
    try {
      let hasMore = true;
      while (hasMore) hasMore = await this.#readPage();
      return true;
    } catch (error) {
      this.#logger.debug({ err: error }, 'revocations could not be read; trying again');
      return false;
    }
  }

  async #readPage(): Promise<boolean> {
    const { revocations, hasMore } = await this.#bus.request(presenceContracts.readRevocations, { after: this.#position, limit: REVOCATIONS_PAGE });
    for (const revoked of revocations) {
      this.#ended.set(idOf(revoked), { revokedAt: Date.parse(revoked.revokedAt), until: Date.parse(revoked.until) });
      this.#position = revoked.position;
    }
    return hasMore;
  }

  #prune(): void {
    if (performance.now() - this.#prunedAt < PRUNE_EVERY_MS) return;
    this.#prunedAt = performance.now();
    for (const [id, { until }] of this.#ended) if (until < Date.now()) this.#ended.delete(id);
  }
}

/** Takes what `verify` takes, unless it was revoked. */
export const unlessRevoked = (verify: Verify, revocations: Revocations): Verify => async (token) => {
  const identity = await verify(token);
  if (revocations.has(identity)) throw new Failure('UNAUTHORIZED');
  return identity;
};
