import { connect as connectNats, type NatsConnection } from '@nats-io/transport-node';
import type { Logger } from 'pino';

export interface NatsOptions {
  /** `nats://user:password@host:port`, several servers separated by commas. */
  readonly url: string;
  /** The NATS user, which is also the head of this process's inbox. */
  readonly user: string;
  readonly logger: Logger;
}

/** A page of the largest messages must fit: 50 of 8,000 characters, each with the message it replies to. */
const NEEDED_MAX_PAYLOAD = 8 * 1024 * 1024;

const LATE_ANSWER = 'Publish to "_INBOX.';

export async function connect({ url, user, logger }: NatsOptions): Promise<{ nats: NatsConnection; isConnected: () => boolean }> {
  const servers = url.split(',').map((server) => new URL(server));
  const [first] = servers;
  const nats = await connectNats({
    servers: servers.map((server) => server.host),
    name: user,
    ...(first?.username ? { user: decodeURIComponent(first.username), pass: decodeURIComponent(first.password) } : {}),
    ...(servers.some((server) => server.protocol === 'tls:') ? { tls: {} } : {}),
    inboxPrefix: `_INBOX.${user}`,
    // The defaults give up for good after 20 s and notice a frozen server after minutes.
    waitOnFirstConnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 250,
    pingInterval: 1_000,
    maxPingOut: 2,
    timeout: 2_000,
    ignoreAuthErrorAbort: true,
  });
  if ((nats.info?.max_payload ?? 0) < NEEDED_MAX_PAYLOAD) {
    logger.warn({ maxPayload: nats.info?.max_payload, needed: NEEDED_MAX_PAYLOAD }, 'max_payload of the NATS server is too small for the largest pages; set it to 8MB');
  }
  let connected = true;
  void (async () => {
    for await (const status of nats.status()) {
      if (status.type === 'disconnect') connected = false;
      if (status.type === 'reconnect') connected = true;
      if (status.type === 'disconnect' || status.type === 'reconnect') logger.warn(`NATS ${status.type}`);
      // Answers that come when nobody may hear them any more, after a standstill: many at once, and nobody's mistake.
      if (status.type === 'error' && status.error.message.includes(LATE_ANSWER)) logger.debug({ err: status.error }, 'an answer came too late');
      else if (status.type === 'error') logger.error({ err: status.error }, 'NATS refused something');
    }
  })();
  return { nats, isConnected: () => connected };
}
