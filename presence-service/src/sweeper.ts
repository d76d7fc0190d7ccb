import { Counts, newTrace, observe, type Bus } from '@switchboard/shared/bus';
import { DROP_GRACE_MS, LEASE_MS, participantUpdate } from '@switchboard/shared/contracts';
import type { Logger } from '@switchboard/shared/runtime';
import { LeaseWatch } from './domain/lease-watch.ts';
import { participant } from './domain/participant.ts';
import type { Presence, PresenceStore } from './domain/presence-store.ts';
import type { RevocationStore } from './domain/revocation-store.ts';

const EVERY_MS = 250;
const FORGET_EVERY_MS = 10_000;
/** Longer than a replica can stand still and yet be given what was meant for it. */
const FORGET_AFTER_MS = 10 * 60_000;

const expiries = new Counts('switchboard.presence.expired', '{user}', 'Users told as left because the lease of their gateway ended');

type Sweepable = Pick<PresenceStore, 'forgetDeparted' | 'leases' | 'removeDropped' | 'removeExpired'>;

/** Takes out, and tells the rooms of, whoever dropped for too long or was on a gateway that died. Returns how to stop. */
export function startSweeper(store: Sweepable, revocations: Pick<RevocationStore, 'forgetOver'>, bus: Pick<Bus, 'isConnected' | 'publish'>, logger: Logger): () => Promise<void> {
  const watch = new LeaseWatch(LEASE_MS);
  let lastForgotten = performance.now();
  let standing = 0;
  expiries.add(0);
  const stopObserving = observe('switchboard.presence.leases', '{lease}', 'Gateways that hold a lease', () => [{ labels: {}, value: standing }]);

  const tell = (gone: readonly Presence[]) => {
    for (const presence of gone) bus.publish(participantUpdate, presence.chatId, participant(presence, 'left'), newTrace());
  };

  /** Each removal is told before anything else is tried: what happens after it cannot silence it. */
  const sweep = async () => {
    // Nobody could be told of whom we took out, and nobody can be heard.
    if (!bus.isConnected) return;
    tell(await store.removeDropped(DROP_GRACE_MS));
    const leases = await store.leases();
    standing = leases.length;
    const expired = watch.observe(leases, performance.now());
    if (expired.length > 0) {
      const gone = await store.removeExpired(expired);
      tell(gone);
      expiries.add(gone.length);
    }
    if (performance.now() - lastForgotten > FORGET_EVERY_MS) {
      lastForgotten = performance.now();
      await store.forgetDeparted(FORGET_AFTER_MS);
      await revocations.forgetOver();
    }
  };

  let sweeping: Promise<void> | undefined;
  const timer = setInterval(() => {
    sweeping ??= sweep()
      .catch((error: unknown) => { logger.debug({ err: error }, 'the presence list could not be swept; trying again'); })
      .finally(() => { sweeping = undefined; });
  }, EVERY_MS);

  return async () => {
    clearInterval(timer);
    stopObserving();
    await sweeping;
  };
}
