import { startRelay } from '@switchboard/shared/amqp';
import { Bus } from '@switchboard/shared/bus';
import { chatAssigned, chatContracts, chatHeads, chatOpened, chatStatusChanged } from '@switchboard/shared/contracts';
import { announceHeads } from '@switchboard/shared/log';
import { openDatabase, untilMisfit } from '@switchboard/shared/postgres';
import { InternalServer, noTelemetry, type Logger, type Running, type Telemetry } from '@switchboard/shared/runtime';
import type { Config } from './config.ts';
import { routes } from './routes.ts';
import { createChatStore } from './store/chat-store.ts';
import { databaseOptions } from './store/database.ts';
import { SCHEMA } from './store/entities.ts';

/** chat-service, serving. Waits for Postgres, a schema that fits and NATS as long as they take; meanwhile it is live and not ready. */
export async function createChatService(config: Config, logger: Logger, telemetry: Telemetry = noTelemetry): Promise<Running & { readonly url: string }> {
  const internal = await InternalServer.listen(config.INTERNAL_HOST, config.INTERNAL_PORT);
  const database = await openDatabase(databaseOptions(config.CHAT_DATABASE_URL), logger, internal.waits);
  const bus = await Bus.connect({ url: config.NATS_URL, user: 'chat-service', logger, recorder: telemetry.recorder });

  const store = createChatStore(database);
  bus.serve(chatContracts, routes(store, bus));
  const stopAnnouncing = announceHeads(store.log, database, bus, chatHeads, logger);
  const stopRelaying = startRelay(config, {
    owner: 'chat', schema: SCHEMA, database, databaseUrl: config.CHAT_DATABASE_URL, log: store.log, spans: bus.spans, logger,
    events: [chatOpened, chatAssigned, chatStatusChanged],
    render: (rows) => Promise.resolve(rows.map(({ payload }) => payload)),
  });
  internal.serve({ nats: () => bus.isConnected, postgres: () => store.isReady() }, [telemetry.metricsPage]);
  logger.info({ port: internal.port }, 'ready');

  return {
    url: internal.url,
    over: untilMisfit(database, SCHEMA),
    async stop() {
      internal.withdraw();
      stopAnnouncing();
      await stopRelaying();
      await bus.close();
      await database.destroy();
      await internal.close();
    },
  };
}
