import { newTrace, type Bus } from '@switchboard/shared/bus';
import { LEASE_MS, participantUpdate } from '@switchboard/shared/contracts';
import type { Logger } from '@switchboard/shared/runtime';
import { Grace } from './domain/grace.ts';
import { participant } from './domain/participant.ts';
import type { PresenceStore } from './domain/presence-store.ts';

const EVERY_MS = 250;

/** Takes out, and tells the rooms of, whoever dropped for too long or was on a gateway that died. Returns how to stop. */
export function startSweeper(store: PresenceStore, bus: Bus, logger: Logger): () => Promise<void> {
  const grace = new Grace(LEASE_MS, performance.now());
  let lastTick = performance.now();
  let sweeping = Promise.resolve();

  const sweep = async () => {
    // A tick that comes late means that this process itself stood still, and heard nobody.
    const now = performance.now();
    if (now - lastTick > LEASE_MS / 3 || !bus.isConnected) grace.deaf(now);
    lastTick = now;
    try {
      const gone = await store.removeDropped();
      if (grace.isOver(performance.now())) gone.push(...(await store.removeExpired(LEASE_MS)));
      for (const presence of gone) bus.publish(participantUpdate, presence.chatId, participant(presence, 'left'), newTrace());
    } catch (error) {
      grace.deaf(performance.now());
      logger.debug({ err: error }, 'the presence list could not be swept; trying again');
    }
  };

  let isSweeping = false;
  const timer = setInterval(() => {
    if (isSweeping) return;
    isSweeping = true;
    sweeping = sweep().finally(() => { isSweeping = false; });
  }, EVERY_MS);

  return async () => {
    clearInterval(timer);
    await sweeping;
  };
}
