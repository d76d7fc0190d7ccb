export { announceHeads, headPages } from './announce-heads.ts';
export {
  ChatLog,
  chatLogEntity,
  LOG_START,
  type PositionedRow,
  type LogPosition,
  type LogRow,
} from './chat-log.ts';
export {
  asStored,
  entryFor,
  type DataOf,
  type EntriesOf,
  type Entry,
  type PublishedData,
} from './entries.ts';
export { Follower } from './follower.ts';
export { LogRenderer } from './log-renderer.ts';
export { UnknownEvents } from './unknown-events.ts';
