import { CloudEvent } from '@switchboard/shared/contracts';

/** An event as RabbitMQ delivered it, and the fields that the service needs. */
export interface ReceivedEvent {
  readonly id: string;
  readonly type: string;
  readonly chatId: string;
  readonly routingKey: string;
  /** The body to post. It includes fields that this version does not know. */
  readonly body: string;
  readonly traceparent: string | undefined;
}

/** Safe in an HTTP header, for any publisher. */
const ID = /^[!-~]{1,200}$/;
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Returns undefined for a message that is not a Switchboard event. */
export function readEvent(routingKey: string, content: string): ReceivedEvent | undefined {
  const data = parseJson(content);
  const event = CloudEvent.safeParse(data).data;
  if (event === undefined || !ID.test(event.id)) return undefined;
  const { id, type, subject: chatId, traceparent } = event;
  return {
    id,
    type,
    chatId,
    routingKey,
    body: JSON.stringify(data),
    traceparent: TRACEPARENT.test(traceparent ?? '') ? traceparent : undefined,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
