import { Bus } from '@switchboard/shared/bus';
import { presenceContracts } from '@switchboard/shared/contracts';
import { KnownChats } from '@switchboard/shared/log';
import { openDatabase, untilMisfit } from '@switchboard/shared/postgres';
import { InternalServer, noTelemetry, type Logger, type Running, type Telemetry } from '@switchboard/shared/runtime';
import type { Config } from './config.ts';
import { routes } from './routes.ts';
import { databaseOptions } from './store/database.ts';
import { SCHEMA } from './store/entities.ts';
import { createPresenceStore } from './store/presence-store.ts';
import { createRevocationStore } from './store/revocation-store.ts';
import { startSweeper } from './sweeper.ts';

/** presence-service, serving. Waits for Postgres, a schema that fits and NATS as long as they take; meanwhile it is live and not ready. */
export async function createPresenceService(config: Config, logger: Logger, telemetry: Telemetry = noTelemetry): Promise<Running & { readonly url: string }> {
  const internal = await InternalServer.listen(config.INTERNAL_HOST, config.INTERNAL_PORT);
  const database = await openDatabase(databaseOptions(config.PRESENCE_DATABASE_URL), logger, internal.waits);
  const bus = await Bus.connect({ url: config.NATS_URL, user: 'presence-service', logger, recorder: telemetry.recorder });

  const store = createPresenceStore(database);
  const revocations = createRevocationStore(database);
  const chats = new KnownChats(SCHEMA, database, bus, logger);
  const stopFollowing = chats.follow();
  bus.serve(presenceContracts, routes(store, revocations, chats, bus));
  const stopSweeping = startSweeper(store, revocations, bus, logger);
  internal.serve({ nats: () => bus.isConnected, postgres: () => store.isReady() }, [telemetry.metricsPage]);
  logger.info({ port: internal.port }, 'ready');

  return {
    url: internal.url,
    over: untilMisfit(database, SCHEMA),
    async stop() {
      internal.withdraw();
      stopFollowing();
      await stopSweeping();
      await bus.close();
      await database.destroy();
      await internal.close();
    },
  };
}
