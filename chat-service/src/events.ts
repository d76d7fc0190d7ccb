import { chatEvents, type DurableEventContract } from '@switchboard/shared/contracts';
import { asStored, type EntriesOf, type Entry } from '@switchboard/shared/log';
import { z } from 'zod';
import { place, type PlacementOf } from './domain/placements.ts';

const Stored = z.looseObject({ at: z.string().optional() });

/** A change of the chat. Members also receive where it stands among the messages. */
const placed = <C extends DurableEventContract>(
  stored: Entry<C, unknown, unknown>,
): Entry<C, PlacementOf, unknown> => ({
  ...stored,
  render(row, placements) {
    const payload = Stored.parse(row.payload);
    // Earlier versions stored no `at`: the log's own time is that of the same transaction.
    const at = payload.at ?? row.at?.toISOString();
    const entry = stored.render({ ...row, payload: { ...payload, at } }, undefined);
    return entry && place(entry, placements(row.rev));
  },
});

/** The durable events of chat-service. Other systems receive what its log stores. */
export const events = {
  chatOpened: asStored(chatEvents.chatOpened),
  chatAssigned: placed(asStored(chatEvents.chatAssigned)),
  chatStatusChanged: placed(asStored(chatEvents.chatStatusChanged)),
} satisfies EntriesOf<typeof chatEvents, PlacementOf>;
