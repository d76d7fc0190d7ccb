import { describe, expect, it } from '@jest/globals';
import { chatAssigned, chatOpened, chatStatusChanged, logEntry } from '@switchboard/shared/contracts';
import type { LogEntry, TimelineItem } from '@switchboard/shared/contracts';
import fc from 'fast-check';
import { render } from '../src/domain/message.ts';
import {
  entriesWanted,
  timelineOf,
  type TimelineMessage,
  type TimelinePoint,
} from '../src/domain/timeline.ts';
import { aStoredMessage } from './given.ts';

const chatId = '0193a1b2-0000-7000-8000-000000000001';

/** A chat as its two services store it. */
interface History {
  readonly log: readonly LogEntry[];
  readonly messages: readonly TimelineMessage[];
}

type Step = 'message' | 'status' | 'assignment' | 'unknown';

/** What happened, in order, after the chat was opened. */
function historyOf(steps: readonly Step[]): History {
  const log: LogEntry[] = [logEntry(chatOpened, 1, { chatId, clientId: 1 })];
  const messages: TimelineMessage[] = [];
  for (const step of steps) {
    const rev = log.length + 1;
    if (step === 'message')
      messages.push({
        message: render(
          { message: aStoredMessage({ chatId, seq: messages.length + 1 }), replyTo: undefined },
          (id) => id,
        ),
        chatVersion: log.length,
      });
    else if (step === 'status') log.push(logEntry(chatStatusChanged, rev, { chatId, status: 'CLOSED' }));
    else if (step === 'assignment') log.push(logEntry(chatAssigned, rev, { chatId, adminId: rev }));
    else log.push({ event: 'unknown', rev, payload: { event: 'chatPainted' } });
  }
  return { log, messages };
}

/** One page, as the handler makes it. `fits`: how many messages fit a page by their bytes. */
function pageOf({ log, messages }: History, before: TimelinePoint | undefined, limit: number, fits = limit) {
  const page = {
    version: log.length,
    messages: messages
      .filter(({ message }) => before === undefined || message.seq < before.seq)
      .slice(-Math.min(limit, fits)),
  };
  const { after, count } = entriesWanted(page, before, limit);
  return timelineOf(page, log.slice(after, after + count), before, limit);
}

function allPages(history: History, limit: number, fits?: number): TimelineItem[] {
  const pages: TimelineItem[][] = [];
  let before: TimelinePoint | undefined;
  do {
    const { items, next } = pageOf(history, before, limit, fits);
    expect(items.length).toBeLessThanOrEqual(limit);
    pages.unshift(items);
    before = next;
  } while (before !== undefined && pages.length < 1_000);
  return pages.flat();
}

/** The name of an item, to compare orders. */
const nameOf = (item: TimelineItem): string =>
  item.kind === 'message'
    ? `message ${item.message.seq}`
    : `${item.kind === 'statusChanged' ? 'status' : `assignment ${item.adminId}`} after ${String(item.afterSeq)}`;

/** The same from the steps alone. */
function namesOf(steps: readonly Step[]): string[] {
  let seq = 0;
  return steps.flatMap((step, index) => {
    if (step === 'message') return [`message ${++seq}`];
    const rev = 2 + steps.slice(0, index).filter((one) => one !== 'message').length;
    if (step === 'unknown') return [];
    return [`${step === 'status' ? 'status' : `assignment ${rev}`} after ${seq}`];
  });
}

const anyStep = fc.constantFrom<Step[]>('message', 'message', 'status', 'assignment', 'unknown');

describe('the pages of a timeline', () => {
  it('hold every message and every change once, in the order in which they happened', () => {
    fc.assert(
      fc.property(
        fc.array(anyStep, { maxLength: 40 }),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 8 }),
        (steps, limit, fits) => {
          expect(allPages(historyOf(steps), limit, fits).map(nameOf)).toEqual(namesOf(steps));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('of an empty chat are one without items', () => {
    expect(pageOf(historyOf([]), undefined, 50)).toEqual({ items: [], next: undefined });
  });

  it('need no entries where none can stand', () => {
    const page = { version: 1, messages: historyOf(['message', 'message']).messages };
    expect(entriesWanted(page, { seq: 3, rev: 1 }, 50)).toEqual({ after: 0, count: 0 });
  });
});

it('puts a change that message-service has not applied behind all messages, without a place', () => {
  const { log, messages } = historyOf(['message', 'status', 'message']);
  const { items } = timelineOf({ version: 1, messages }, log, undefined, 50);
  expect(items.map(nameOf)).toEqual(['message 1', 'message 2', 'status after undefined']);
});
