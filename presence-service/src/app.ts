import { ChatProjection } from '@switchboard/shared/chat-projection';
import { presenceContracts } from '@switchboard/shared/contracts';
import { runService, type RunningService } from '@switchboard/shared/run-service';
import type { Logger, Telemetry } from '@switchboard/shared/runtime';
import type { Config } from './config.ts';
import { routes } from './routes.ts';
import { databaseOptions } from './store/database.ts';
import { SCHEMA } from './store/entities.ts';
import { createPresenceStore } from './store/presence-store.ts';
import { createRevocationStore } from './store/revocation-store.ts';
import { startSweeper } from './sweeper.ts';

export const createPresenceService = (
  config: Config,
  logger: Logger,
  telemetry?: Telemetry,
): Promise<RunningService> =>
  runService(
    {
      name: 'presence-service',
      contracts: presenceContracts,
      calls: ['chat'],
      database: databaseOptions(config.PRESENCE_DATABASE_URL),
      wire({ database, bus }) {
        const store = createPresenceStore(database);
        const revocations = createRevocationStore(database);
        const chats = new ChatProjection(SCHEMA, database, bus, logger);
        const stopFollowing = chats.follow();
        return {
          routes: routes(store, revocations, chats, bus),
          start: () => [stopFollowing, startSweeper(store, revocations, bus, logger)],
        };
      },
    },
    config,
    logger,
    telemetry,
  );
