export { announceHeads, pages } from './announce-heads.ts';
export { ChatLog, chatLogEntity, LOG_START, type LoggedRow, type LogPosition, type LogRow } from './chat-log.ts';
export { Follower } from './follower.ts';
export { chatCursorEntity, knownChatColumns, type KnownChatRow } from './known-chat-entities.ts';
export { KnownChats } from './known-chats.ts';
