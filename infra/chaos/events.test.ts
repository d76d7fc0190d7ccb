import { expect, it } from '@jest/globals';
import { checkEvents, type Logged } from './events.ts';

const logs: Logged[] = [1, 2, 3].map((rev) => ({ owner: 'message', chatId: 'c', rev }));
const event = (rev: number, data: Record<string, unknown> = {}) => ({ id: `c/${rev}`, source: '/switchboard/message-service', subject: 'c', sequence: rev.toString(), data });

it.each<[string, ReturnType<typeof event>[], string[]]>([
  ['all in order', [event(1), event(2), event(3)], []],
  ['repeats after they were heard in order', [event(1), event(2), event(1), event(2), event(3)], []],
  ['one that is missing', [event(1), event(3)], ['events of /switchboard/message-service c: 1,3 instead of 1,2,3']],
  ['none', [], ['events of /switchboard/message-service c:  instead of 1,2,3']],
  ['two that overtook', [event(1), event(3), event(2)], ['events of /switchboard/message-service c: 1,3,2 instead of 1,2,3']],
  ['a repeat that says something else', [event(1), event(2), event(2, { more: 1 }), event(3)], ['two events under one id: /switchboard/message-service c/2']],
])('%s', (_what, events, complaints) => {
  expect(checkEvents(logs, events)).toEqual(complaints);
});
