import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  connect,
  PermissionViolationError,
  type ConnectionOptions,
  type NatsConnection,
} from '@nats-io/transport-node';
import { startNats, waitFor, type TestNats } from '@switchboard/infra/test';
import type { NatsUser } from '../../../dev/topology/names.ts';

let nats: TestNats;
const open: NatsConnection[] = [];

// The client does not read a URL's user by itself.
function optionsOf(url: string): ConnectionOptions {
  const { host, username, password } = new URL(url);
  return { servers: host, user: username, pass: password, inboxPrefix: `_INBOX.${username}` };
}

async function connectAs(user: NatsUser): Promise<NatsConnection> {
  const connection = await connect({ ...optionsOf(nats.url(user)), reconnect: false });
  open.push(connection);
  return connection;
}

/** The server reports a refused publish later, in the connection's status. */
async function refusalOf(connection: NatsConnection, act: () => void): Promise<PermissionViolationError> {
  const statuses = connection.status();
  act();
  for await (const status of statuses) {
    if (status.type === 'error' && status.error instanceof PermissionViolationError) return status.error;
  }
  throw new Error('the connection closed without a refusal');
}

beforeAll(async () => {
  nats = await startNats();
});
afterAll(async () => {
  await Promise.all(open.map((connection) => connection.close()));
  await nats.stop();
});

describe('nats-server.conf', () => {
  it('refuses an event that the gateway publishes as a service', async () => {
    const gateway = await connectAs('gateway');
    const refusal = await refusalOf(gateway, () => {
      gateway.publish('room.x.chat', 'forged');
    });
    expect(refusal).toMatchObject({ operation: 'publish', subject: 'room.x.chat' });
  });

  it('lets a service reply to a request without a permission for the inbox', async () => {
    const gateway = await connectAs('gateway');
    const chat = await connectAs('chat-service');
    chat.subscribe('chat.v1.*', {
      queue: 'chat-service',
      callback: (_, request) => {
        request.respond('here');
      },
    });
    await chat.flush();
    expect((await gateway.request('chat.v1.open', 'x', { timeout: 1_000 })).string()).toBe('here');
  });

  it('refuses a subscription that delivers a request to all replicas', async () => {
    const chat = await connectAs('chat-service');
    const refusal = await refusalOf(chat, () => {
      chat.subscribe('chat.v1.open', { callback: () => undefined });
    });
    expect(refusal).toMatchObject({ operation: 'subscription', subject: 'chat.v1.open' });
  });

  it('refuses a wrong password', async () => {
    const options = { ...optionsOf(nats.url('gateway')), pass: 'wrong', reconnect: false };
    await expect(connect(options)).rejects.toThrow(/authorization/i);
  });
});

describe('a NATS for tests', () => {
  it('restarts on its port, with another pid', async () => {
    const own = await startNats();
    const { port, pid } = own;
    const connection = await connect({ ...optionsOf(own.url('gateway')), reconnectTimeWait: 20 });
    await own.pause();
    own.resume();
    await own.restart();
    expect(own.port).toBe(port);
    expect(own.pid).not.toBe(pid);
    await waitFor(() => connection.flush().then(() => true), { what: 'the client to find the server again' });
    await connection.close();
    await own.kill();
    await own.stop();
  });
});
