import { expect, it } from '@jest/globals';
import { checkEvents, type Logged } from './events.ts';

const logs: Logged[] = [1, 2, 3].map((rev) => ({ owner: 'message', chatId: 'c', rev }));
const opened: Logged = { owner: 'chat', chatId: 'c', rev: 1 };
const event = (rev: number, data: Record<string, unknown> = {}) => ({
  id: `c/${rev}`,
  source: '/switchboard/message-service',
  subject: 'c',
  sequence: rev.toString(),
  data,
});
const openedEvent = { ...event(1), source: '/switchboard/chat-service' };

it.each<[string, ReturnType<typeof event>[], string[]]>([
  ['accepts all events in order', [event(1), event(2), event(3)], []],
  [
    'accepts repeats when first deliveries are in order',
    [event(1), event(2), event(1), event(2), event(3)],
    [],
  ],
  [
    'reports a missing event',
    [event(1), event(3)],
    ['events of /switchboard/message-service c: 1,3 instead of 1,2,3'],
  ],
  [
    'reports a log of which no event was published',
    [],
    ['events of /switchboard/message-service c:  instead of 1,2,3'],
  ],
  [
    'reports events out of order',
    [event(1), event(3), event(2)],
    ['events of /switchboard/message-service c: 1,3,2 instead of 1,2,3'],
  ],
  [
    'reports a repeat with another body',
    [event(1), event(2), event(2, { more: 1 }), event(3)],
    ['two different events with one id: /switchboard/message-service c/2'],
  ],
])('%s', (_what, events, complaints) => {
  expect(checkEvents([opened, ...logs], [openedEvent, ...events])).toEqual(complaints);
});

it('complains when a log has no entries', () => {
  expect(checkEvents(logs, [event(1), event(2), event(3)])).toEqual([
    'nothing was checked: the log of chat-service is empty',
  ]);
});
