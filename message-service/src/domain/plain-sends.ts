import { mayEnterAny } from '@switchboard/shared/contracts';
import type { Send } from './send.ts';

/**
 * The plain sends of one batch to one chat, in their order: text alone, from at most one client, each key
 * once. Only the chat's row or a stored key can still prevent the append.
 */
export interface PlainChat<S extends Send = Send> {
  readonly chatId: string;
  /** The client whose chat it has to be; null: any client's. */
  readonly clientId: number | null;
  readonly sends: readonly S[];
}

export interface PlainGroups<S extends Send> {
  readonly chats: readonly PlainChat<S>[];
  /** The sends of these chats. */
  readonly accepted: readonly S[];
  /** The sends of chats in which at least one send is not plain. */
  readonly left: readonly S[];
}

/** Groups a batch by chat. A chat is plain as a whole or not at all, so that its order is kept. */
export function groupPlain<S extends Send>(sends: readonly S[]): PlainGroups<S> {
  const chats: PlainChat<S>[] = [];
  const accepted: S[] = [];
  const left: S[] = [];
  for (const [chatId, ofChat] of Map.groupBy(sends, (send) => send.chatId)) {
    const clients = new Set(ofChat.flatMap(({ sender }) => (mayEnterAny(sender) ? [] : sender.id)));
    const [clientId = null] = clients;
    if (clients.size <= 1 && ofChat.every(isText) && hasDistinctKeys(ofChat)) {
      chats.push({ chatId, clientId, sends: ofChat });
      accepted.push(...ofChat);
    } else {
      left.push(...ofChat);
    }
  }
  return { chats, accepted, left };
}

const isText = ({ message }: Send): boolean =>
  message.fileId === undefined && message.replyToId === undefined;

function hasDistinctKeys(sends: readonly Send[]): boolean {
  const keys = sends.flatMap(({ sender, message }) =>
    message.clientMessageId === undefined ? [] : `${sender.id} ${message.clientMessageId}`,
  );
  return new Set(keys).size === keys.length;
}
