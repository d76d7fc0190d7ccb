import type { Bus } from '@switchboard/shared/bus';
import { messageContracts, type Placement, type Trace } from '@switchboard/shared/contracts';
import type { ChatStore, Unconfirmed } from '../domain/chat-store.ts';
import { place, placementOf } from '../domain/placements.ts';

/**
 * Completes a committed change: message-service applies it and replies where it stands among the messages;
 * then its entries are published with that place. When message-service or Postgres fails, the entries are
 * published as far as they are placed, and the failure is thrown. Repeats are harmless: followers drop a
 * `rev` that they have.
 */
export async function completeChange(
  store: Pick<ChatStore, 'confirm'>,
  bus: Pick<Bus, 'publishEntry' | 'request'>,
  { facts, since, entries }: Unconfirmed,
  trace: Trace,
): Promise<void> {
  let placements: readonly Placement[] = [];
  try {
    const reply = await bus.request(messageContracts.applyChat, { chat: facts, since }, { trace });
    placements = reply.placements ?? [];
    await store.confirm(facts.id, facts.version, placements);
  } finally {
    const placementAt = placementOf(placements);
    for (const entry of entries)
      bus.publishEntry('chat', facts.id, place(entry, placementAt(entry.rev)), trace);
  }
}
