import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { NatsUser } from '../local/names.ts';
import type { TestNats } from './nats.ts';

/** A bare connection under a user's name: for looking at the wire. The client does not read a URL's user by itself. */
export function connectRaw(nats: TestNats, user: NatsUser): Promise<NatsConnection> {
  const { host, username, password } = new URL(nats.url(user));
  return connect({ servers: host, user: username, pass: password, inboxPrefix: `_INBOX.${username}`, reconnect: false });
}
