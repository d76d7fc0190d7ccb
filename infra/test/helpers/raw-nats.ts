import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { NatsUser } from '../../dev/topology/names.ts';
import type { TestNats } from './nats.ts';

/**
 * A plain NATS connection of a user, to inspect messages. The client library does not read the user from a
 * URL.
 */
export function connectRaw(nats: TestNats, user: NatsUser): Promise<NatsConnection> {
  const { host, username, password } = new URL(nats.url(user));
  return connect({
    servers: host,
    user: username,
    pass: password,
    inboxPrefix: `_INBOX.${username}`,
    reconnect: false,
  });
}
