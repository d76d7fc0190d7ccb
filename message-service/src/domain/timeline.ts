import {
  chatEvents,
  LOG_PAGE,
  type LogEntry,
  type Message,
  type TimelineItem,
} from '@switchboard/shared/contracts';

/** A page of messages, oldest first, and the chat's version, from one snapshot. */
export interface TimelineMessages {
  /** The last entry of chat-service's log that the projection holds. */
  readonly version: number;
  readonly messages: readonly TimelineMessage[];
}

export interface TimelineMessage {
  readonly message: Message;
  /** The version of the chat when the message was appended; it never decreases as `seq` grows. */
  readonly chatVersion: number;
}

/** Where a page ends: its messages have a lower `seq`, its entries a lower `rev`. */
export interface TimelinePoint {
  readonly seq: number;
  readonly rev: number;
}

/** Which entries of chat-service's log a page may need; `count` 0: none. */
export interface WantedEntries {
  readonly after: number;
  readonly count: number;
}

export interface TimelinePage {
  readonly items: TimelineItem[];
  /** Where the next page ends; undefined: this is the last. */
  readonly next: TimelinePoint | undefined;
}

/**
 * The last `limit` entries before `before` that stand among these messages or behind them. Those up to the
 * first message's `chatVersion` stand before it, and so on a later page unless it is the first of all.
 */
export function entriesWanted(
  { version, messages }: TimelineMessages,
  before: TimelinePoint | undefined,
  limit: number,
): WantedEntries {
  const [first] = messages;
  const lowest = first === undefined || first.message.seq === 1 ? 0 : first.chatVersion;
  if (before === undefined) return { after: Math.max(lowest, version - limit), count: LOG_PAGE };
  const after = Math.max(lowest, before.rev - 1 - limit);
  return { after, count: Math.max(0, before.rev - 1 - after) };
}

/**
 * The last `limit` of the messages and the entries in one order. Entries of kinds that are no items count
 * towards the limit, so that no page reaches beyond the entries that were read.
 */
export function timelineOf(
  page: TimelineMessages,
  entries: readonly LogEntry[],
  before: TimelinePoint | undefined,
  limit: number,
): TimelinePage {
  const messages = page.messages.map(({ message }) => ({ seq: message.seq, rev: 0, message }));
  const changes = entries.map((entry) => ({ seq: placeOf(entry, page), rev: entry.rev, entry }));
  const places = [...messages, ...changes]
    .toSorted((a, b) => (a.seq ?? Infinity) - (b.seq ?? Infinity) || a.rev - b.rev)
    .slice(-limit);
  return {
    items: places.flatMap((place): TimelineItem[] =>
      'message' in place ? [{ kind: 'message', message: place.message }] : itemsOf(place.entry, place.seq),
    ),
    next: nextOf(page, places, before),
  };
}

/**
 * The `seq` of the last message that was appended under an older version; 0: none. undefined: not decided,
 * since the projection does not hold the entry.
 */
const placeOf = ({ rev }: LogEntry, { version, messages }: TimelineMessages): number | undefined =>
  rev > version ? undefined : (messages.findLast(({ chatVersion }) => chatVersion < rev)?.message.seq ?? 0);

function itemsOf({ event, payload }: LogEntry, seq: number | undefined): TimelineItem[] {
  const { chatStatusChanged, chatAssigned } = chatEvents;
  if (event === chatStatusChanged.event) {
    const change = chatStatusChanged.payload.parse(payload);
    return [{ kind: 'statusChanged', ...change, afterSeq: seq ?? change.afterSeq }];
  }
  if (event === chatAssigned.event) {
    const change = chatAssigned.payload.parse(payload);
    return [{ kind: 'assigned', ...change, afterSeq: seq ?? change.afterSeq }];
  }
  return [];
}

/** The log begins with `chatOpened`, which is no item: nothing stands before message 1 and `rev` 2. */
function nextOf(
  { version, messages }: TimelineMessages,
  places: readonly { readonly seq: number | undefined; readonly rev: number }[],
  before: TimelinePoint | undefined,
): TimelinePoint | undefined {
  const end = before?.seq ?? (messages.at(-1)?.message.seq ?? 0) + 1;
  const seq = places.find(({ rev }) => rev === 0)?.seq ?? end;
  const rev = places.find((place) => place.rev > 0)?.rev ?? before?.rev ?? version + 1;
  return seq > 1 || rev > 2 ? { seq, rev } : undefined;
}
