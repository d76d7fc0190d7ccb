import type { Bus, Handler, RequestContext } from '@switchboard/shared/bus';
import { messageEvents, type messageContracts, type Message } from '@switchboard/shared/contracts';
import { edit, react, remove, type DecideChange } from '../domain/change-message.ts';
import type { ChatProjection, MessageChangeKind, MessageStore } from '../domain/message-store.ts';
import { withAccess } from './with-access.ts';

interface Parts {
  readonly store: MessageStore;
  readonly chats: ChatProjection;
  readonly bus: Bus;
}
interface Named {
  readonly chatId: string;
  readonly messageId: string;
}

export const editMessageHandler =
  (parts: Parts): Handler<typeof messageContracts.editMessage> =>
  ({ text, version, ...message }, context) =>
    change(parts, message, messageEvents.messageEdited, edit(text, version), context);

export const deleteMessageHandler =
  (parts: Parts): Handler<typeof messageContracts.deleteMessage> =>
  (message, context) =>
    change(parts, message, messageEvents.messageDeleted, remove(), context);

export const reactHandler =
  (parts: Parts): Handler<typeof messageContracts.react> =>
  ({ emoji, on, ...message }, context) =>
    change(parts, message, messageEvents.messageReacted, react(emoji, on), context);

/** Publishes the message as it now is after COMMIT, and what changed nothing never. */
async function change(
  { store, chats, bus }: Parts,
  named: Named,
  kind: MessageChangeKind,
  decide: DecideChange,
  context: RequestContext,
): Promise<Message> {
  const { actor, trace } = context;
  const { message, entry } = await withAccess(chats, named.chatId, context, () =>
    store.change(actor, named, kind, decide, trace),
  );
  if (entry !== undefined) bus.publishEntry('message', named.chatId, entry, trace);
  return message;
}
