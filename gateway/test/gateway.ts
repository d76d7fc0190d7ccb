import type { Actor } from '@switchboard/shared/contracts';
import type { Logger } from '@switchboard/shared/runtime';
import { silent, startNats, type TestNats } from '@switchboard/infra/test';
import { createGateway } from '../src/app.ts';
import { Client, type ClientOptions } from './client.ts';
import { aConfig, owner, tokenOf } from './given.ts';
import { Stubs } from './stubs.ts';

export interface TestGateway {
  readonly url: string;
  readonly nats: TestNats;
  readonly stubs: Stubs;
  /** A connected client; all are closed with `stop`. */
  connect(actor?: Actor, options?: ClientOptions): Promise<Client>;
  /** A client that may still be connecting or refused. */
  open(options: ClientOptions): Client;
  stop(): Promise<void>;
}

/** The whole gateway with its own NATS and stubs of the services. */
export async function startGateway(
  environment: Record<string, string> = {},
  logger: Logger = silent,
): Promise<TestGateway> {
  const nats = await startNats();
  const stubs = await Stubs.start(nats);
  const gateway = await createGateway(aConfig({ NATS_URL: nats.url('gateway'), ...environment }), logger);
  const url = `http://127.0.0.1:${gateway.port}`;
  const clients: Client[] = [];
  const open = (options: ClientOptions): Client => {
    const client = new Client(url, options);
    clients.push(client);
    return client;
  };
  return {
    url,
    nats,
    stubs,
    open,
    connect: (actor = owner, options = {}) =>
      open({ auth: { token: tokenOf(actor) }, ...options }).connected(),
    async stop() {
      for (const client of clients) client.close();
      await gateway.stop();
      await stubs.stop();
      await nats.stop();
    },
  };
}
