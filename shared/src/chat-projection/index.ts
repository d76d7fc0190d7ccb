export { ChatProjection } from './chat-projection.ts';
export { chatCursorEntity, projectedChatColumns, type ProjectedChatRow } from './entities.ts';
