import type { Message } from '@switchboard/shared/contracts';
import type { StoredMessage } from './message.ts';

/** The messages of a page by `seq`, as members receive them; undefined: too much for the page. */
export type MessagesOfPage = (seq: number) => Message | undefined;

/** Any chat's message as it is stored. */
export type StoredMessages = (chatId: string, seq: number) => StoredMessage;
