import { type Bus } from '@switchboard/shared/bus';
import { Counter, newTrace, observeGauge } from '@switchboard/shared/telemetry';
import { DROP_GRACE_MS, LEASE_MS, participantUpdate } from '@switchboard/shared/contracts';
import type { Logger } from '@switchboard/shared/runtime';
import { LeaseWatch } from './domain/lease-watch.ts';
import { participant } from './domain/participant.ts';
import type { Presence, PresenceStore } from './domain/presence-store.ts';
import type { RevocationStore } from './domain/revocation-store.ts';

const EVERY_MS = 250;
const DELETE_EVERY_MS = 10_000;
/** Longer than a replica can stall before it processes a request that it already received. */
const DELETE_AFTER_MS = 10 * 60_000;

const expiries = new Counter(
  'switchboard.presence.expired',
  '{user}',
  'Users published as left because the lease of their gateway expired',
);

type Sweepable = Pick<PresenceStore, 'deleteDeparted' | 'leases' | 'removeDropped' | 'removeExpired'>;

/**
 * Removes users whose sockets dropped for too long or whose gateway's lease expired, and publishes `left` for
 * them. Returns how to stop.
 */
export function startSweeper(
  store: Sweepable,
  revocations: Pick<RevocationStore, 'deleteExpired'>,
  bus: Pick<Bus, 'isConnected' | 'publish'>,
  logger: Logger,
): () => Promise<void> {
  const watch = new LeaseWatch(LEASE_MS);
  let lastDeletedAt = performance.now();
  let leaseCount = 0;
  expiries.add(0);
  const stopObserving = observeGauge(
    'switchboard.presence.leases',
    '{lease}',
    'Gateways that hold a lease',
    () => [{ labels: {}, value: leaseCount }],
  );

  const publishLeft = (gone: readonly Presence[]) => {
    for (const presence of gone)
      bus.publish(participantUpdate, presence.chatId, participant(presence, 'left'), newTrace());
  };

  /** Publishes each removal before the next step: a later failure must not lose it. */
  const sweep = async () => {
    // Without NATS, `left` cannot be published and renewals cannot arrive.
    if (!bus.isConnected) return;
    publishLeft(await store.removeDropped(DROP_GRACE_MS));
    const leases = await store.leases();
    leaseCount = leases.length;
    const expired = watch.observe(leases, performance.now());
    if (expired.length > 0) {
      const gone = await store.removeExpired(expired);
      publishLeft(gone);
      expiries.add(gone.length);
    }
    if (performance.now() - lastDeletedAt > DELETE_EVERY_MS) {
      lastDeletedAt = performance.now();
      await store.deleteDeparted(DELETE_AFTER_MS);
      await revocations.deleteExpired();
    }
  };

  let sweeping: Promise<void> | undefined;
  const timer = setInterval(() => {
    sweeping ??= sweep()
      .catch((error: unknown) => {
        logger.debug({ err: error }, 'sweeper: removing departed users failed; retrying');
      })
      .finally(() => {
        sweeping = undefined;
      });
  }, EVERY_MS);

  return async () => {
    clearInterval(timer);
    stopObserving();
    await sweeping;
  };
}
