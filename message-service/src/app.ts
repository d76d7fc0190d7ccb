import { startRelay } from '@switchboard/shared/amqp';
import { ChatProjection } from '@switchboard/shared/chat-projection';
import { messageContracts, messageEvents, messageHeads } from '@switchboard/shared/contracts';
import { rateOf, TokenBuckets, KeyedSemaphore, userRateOf } from '@switchboard/shared/limits';
import { announceHeads, LogRenderer, UnknownEvents } from '@switchboard/shared/log';
import { runService, type RunningService } from '@switchboard/shared/run-service';
import { noTelemetry, type Logger, type Telemetry } from '@switchboard/shared/runtime';
import { blobsOf, type Config } from './config.ts';
import { events } from './events.ts';
import { createFileUrls } from './files/file-urls.ts';
import { FileSweep } from './files/sweep.ts';
import { Tickets } from './files/tickets.ts';
import { transferRoute } from './files/transfer.ts';
import { WatchedBlobs } from './files/watched-blobs.ts';
import { routes } from './routes.ts';
import { GroupCommit } from './send/group-commit.ts';
import { databaseOptions } from './store/database.ts';
import { SCHEMA } from './store/entities.ts';
import { createFileStore } from './store/file-store.ts';
import { integrationData } from './store/integration-data.ts';
import { createMessageStore } from './store/message-store.ts';

/** Of ten connections to Postgres: a user who reads without pause leaves the others some. */
const MAX_READS_PER_USER = 4;

export async function createMessageService(
  config: Config,
  logger: Logger,
  telemetry: Telemetry = noTelemetry,
): Promise<RunningService> {
  const blobs = new WatchedBlobs(await blobsOf(config), logger);
  const { urlOf, holderOf } = createFileUrls(
    config.PUBLIC_URL,
    config.FILE_URL_SECRET,
    config.FILE_URL_SECRET_ALSO,
  );
  const limits = {
    users: new TokenBuckets<number>(userRateOf(config.RATE_LIMIT_EVENTS)),
    sockets: new TokenBuckets<string>(rateOf(config.RATE_LIMIT_EVENTS)),
    reads: new KeyedSemaphore<number>(MAX_READS_PER_USER),
  };

  return runService(
    {
      name: 'message-service',
      contracts: messageContracts,
      calls: ['chat'],
      database: databaseOptions(config.MESSAGE_DATABASE_URL),
      wire({ database, bus, url }) {
        const renderer = new LogRenderer(events, new UnknownEvents(logger));
        const store = createMessageStore(database, urlOf, renderer, config.EDIT_WINDOW_S * 1_000);
        const sender = new GroupCommit(database, urlOf, bus.spans);
        const files = createFileStore(database);
        const chats = new ChatProjection(SCHEMA, database, bus, logger);
        const tickets = new Tickets(config.INTERNAL_URL ?? url);
        const stopFollowing = chats.follow();
        return {
          routes: routes({ store, sender, chats, files, tickets, holderOfFileUrl: holderOf, limits, bus }),
          internalRoutes: [
            transferRoute({ tickets, blobs, files, maxBytes: config.MAX_FILE_BYTES, telemetry, logger }),
          ],
          optional: { files: () => blobs.problem ?? true },
          start: () => [
            announceHeads(store.log, database, bus, messageHeads, logger),
            startRelay(config, {
              owner: 'message',
              schema: SCHEMA,
              database,
              databaseUrl: config.MESSAGE_DATABASE_URL,
              log: store.log,
              spans: bus.spans,
              logger,
              events: Object.values(messageEvents),
              render: (rows) => integrationData(database, renderer, rows),
            }),
            stopFollowing,
            new FileSweep(files, blobs, logger).start(),
            blobs.start(),
          ],
        };
      },
    },
    config,
    logger,
    telemetry,
  );
}
