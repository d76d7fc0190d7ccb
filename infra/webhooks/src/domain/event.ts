import { CloudEvent } from '@switchboard/shared/contracts';

/** An event as it came, and what is known of it. */
export interface TakenEvent {
  readonly id: string;
  readonly type: string;
  readonly chatId: string;
  readonly routingKey: string;
  /** As it is posted: fields that this version does not know go along. */
  readonly body: string;
  readonly traceparent: string | undefined;
}

/** What may stand in a header, whoever published it. */
const ID = /^[!-~]{1,200}$/;
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Undefined for what is no event of ours. */
export function readEvent(routingKey: string, content: string): TakenEvent | undefined {
  const data = parseJson(content);
  const event = CloudEvent.safeParse(data).data;
  if (event === undefined || !ID.test(event.id)) return undefined;
  const { id, type, subject: chatId, traceparent } = event;
  return { id, type, chatId, routingKey, body: JSON.stringify(data), traceparent: TRACEPARENT.test(traceparent ?? '') ? traceparent : undefined };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
