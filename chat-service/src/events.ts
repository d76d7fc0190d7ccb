import { chatEvents } from '@switchboard/shared/contracts';
import { asStored, type EntriesOf } from '@switchboard/shared/log';

/** The durable events of chat-service: what its log stores is what readers receive. */
export const events = {
  chatOpened: asStored(chatEvents.chatOpened),
  chatAssigned: asStored(chatEvents.chatAssigned),
  chatStatusChanged: asStored(chatEvents.chatStatusChanged),
} satisfies EntriesOf<typeof chatEvents>;
