import type { CloudEvent } from '@switchboard/shared/contracts';

/** An event as the relay of message-service publishes it. */
export const anEvent = (
  chatId: string,
  rev: number,
  data: unknown = { text: `number ${rev}` },
): CloudEvent => ({
  specversion: '1.0',
  id: `message/${chatId}/${rev}`,
  source: '/switchboard/message-service',
  type: 'switchboard.message.created.v1',
  subject: chatId,
  time: '2026-03-14T15:09:26.535Z',
  datacontenttype: 'application/json',
  sequence: rev.toString().padStart(10, '0'),
  data,
});
