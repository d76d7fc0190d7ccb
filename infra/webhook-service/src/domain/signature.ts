import { createHmac } from 'node:crypto';

// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

const PREFIX = 'whsec_';

export interface Signable {
  /** The event's id: the same for each attempt. */
  readonly id: string;
  readonly body: string;
  readonly traceparent?: string | undefined;
}

/** The headers of a delivery. `now`: seconds since 1970. */
export const headersOf = (
  { id, body, traceparent }: Signable,
  secret: string,
  now: number,
): Record<string, string> => ({
  'content-type': 'application/cloudevents+json; charset=utf-8',
  'user-agent': 'switchboard-webhooks',
  'webhook-id': id,
  'webhook-timestamp': now.toString(),
  'webhook-signature': `v1,${createHmac('sha256', keyOf(secret)).update(`${id}.${now.toString()}.${body}`).digest('base64')}`,
  ...(traceparent === undefined ? {} : { traceparent }),
});

/** A secret is raw bytes or, after the standard's prefix, base64. */
const keyOf = (secret: string): Buffer =>
  secret.startsWith(PREFIX) ? Buffer.from(secret.slice(PREFIX.length), 'base64') : Buffer.from(secret);
