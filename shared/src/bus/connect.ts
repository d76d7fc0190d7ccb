import { setTimeout as sleep } from 'node:timers/promises';
import {
  connect as connectNats,
  InvalidArgumentError,
  PermissionViolationError,
  type ConnectionOptions,
  type NatsConnection,
} from '@nats-io/transport-node';
import type { Logger } from 'pino';
import { addressOf, reasonOf } from '../addresses.ts';
import { serversOf, tlsOptionsOf, type NatsAccess } from './access.ts';
import { loginOf } from './authenticator.ts';
import { tlsRefusalOf } from './tls-refusal.ts';
import { Wait } from './wait.ts';

export interface NatsOptions extends NatsAccess {
  /** The service's name, also the prefix of this process's inbox, whatever NATS user it is. */
  readonly user: string;
  readonly logger: Logger;
  /** Ends the wait for the first connection: `connect` then rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Fits a page of the largest messages: 50 of 8,000 characters, each with the message it replies to. */
const NEEDED_MAX_PAYLOAD = 8 * 1024 * 1024;

export async function connect(
  options: NatsOptions,
): Promise<{ nats: NatsConnection; isConnected: () => boolean }> {
  const { url, user, logger } = options;
  const login = loginOf(options, logger);
  const wait = new Wait({
    servers: addressOf(url),
    login: () => login?.describe(),
    diagnose: () => tlsRefusalOf(options),
    logger,
  });
  const nats = await untilConnected(wait, options.signal, {
    servers: serversOf(options).map((server) => server.host),
    name: user,
    authenticator: login?.authenticator,
    tls: tlsOptionsOf(options),
    inboxPrefix: `_INBOX.${user}`,
    // The defaults stop reconnecting after 20 s and detect a frozen server after minutes.
    maxReconnectAttempts: -1,
    reconnectTimeWait: RETRY_MS,
    reconnectJitter: RETRY_MS,
    reconnectJitterTLS: RETRY_MS,
    pingInterval: 1_000,
    maxPingOut: 2,
    timeout: 2_000,
    ignoreAuthErrorAbort: true,
  });
  if ((nats.info?.max_payload ?? 0) < NEEDED_MAX_PAYLOAD) {
    logger.warn(
      { maxPayload: nats.info?.max_payload, needed: NEEDED_MAX_PAYLOAD },
      'bus: max_payload of the NATS server is too small for the largest pages; set it to 8MB',
    );
  }
  let connected = true;
  void (async () => {
    for await (const status of nats.status()) {
      if (status.type === 'disconnect') {
        connected = false;
        wait.begin();
      }
      if (status.type === 'reconnect') {
        connected = true;
        wait.end();
      }
      if (status.type === 'disconnect' || status.type === 'reconnect')
        logger.warn(`bus: NATS ${status.type}ed`);
      if (status.type === 'error' && isLateReply(status.error))
        logger.debug({ err: status.error }, 'bus: a reply came too late');
      else if (status.type === 'error') {
        wait.why = reasonOf(status.error);
        logger.error({ err: status.error }, 'bus: NATS reported an error');
      }
    }
    wait.end();
  })();
  return { nats, isConnected: () => connected };
}

const RETRY_MS = 250;

/** The library's own wait for the first connection would hide why it fails. */
async function untilConnected(
  wait: Wait,
  signal: AbortSignal | undefined,
  options: ConnectionOptions,
): Promise<NatsConnection> {
  wait.begin();
  for (;;) {
    try {
      const nats = await connectNats(options);
      wait.end();
      return nats;
    } catch (error) {
      if (error instanceof InvalidArgumentError || signal?.aborted === true) {
        wait.end();
        throw signal?.reason ?? error;
      }
      wait.why = reasonOf(error);
      await sleep(RETRY_MS * (1 + Math.random()));
    }
  }
}

/** After a standstill many replies come after the server withdrew the right to publish them. */
const isLateReply = (error: Error): boolean =>
  error instanceof PermissionViolationError &&
  error.operation === 'publish' &&
  error.subject.startsWith('_INBOX.');
