import { startRelay } from '@switchboard/shared/amqp';
import { Bus } from '@switchboard/shared/bus';
import { messageContracts, messageHeads, messagesRead, newMessage } from '@switchboard/shared/contracts';
import { rateOf, TokenBuckets, Turns, userRateOf } from '@switchboard/shared/limits';
import { announceHeads, KnownChats } from '@switchboard/shared/log';
import { openDatabase, untilMisfit } from '@switchboard/shared/postgres';
import { InternalServer, noTelemetry, type Logger, type Running, type Telemetry } from '@switchboard/shared/runtime';
import { blobsOf, type Config } from './config.ts';
import { createFileUrls } from './files/file-urls.ts';
import { Tickets } from './files/tickets.ts';
import { transferRoute } from './files/transfer.ts';
import { routes } from './routes.ts';
import { databaseOptions } from './store/database.ts';
import { SCHEMA } from './store/entities.ts';
import { createFileStore } from './store/file-store.ts';
import { integrationData } from './store/integration-data.ts';
import { createMessageStore } from './store/message-store.ts';
import { MessageWriter } from './store/message-writer.ts';

/** Of ten connections to Postgres: whoever reads as much as they can leaves the rest to the others. */
const MAX_READS_PER_USER = 4;
/** Whoever asks waits no longer for an answer than REQUEST_TIMEOUT_MS. */
const READ_PATIENCE_MS = 1_000;

/** message-service, serving. Waits for Postgres, a schema that fits and NATS as long as they take; meanwhile it is live and not ready. */
export async function createMessageService(config: Config, logger: Logger, telemetry: Telemetry = noTelemetry): Promise<Running & { readonly url: string }> {
  const internal = await InternalServer.listen(config.INTERNAL_HOST, config.INTERNAL_PORT);
  const blobs = await blobsOf(config);
  const database = await openDatabase(databaseOptions(config.MESSAGE_DATABASE_URL), logger, internal.waits);
  const bus = await Bus.connect({ url: config.NATS_URL, user: 'message-service', logger, recorder: telemetry.recorder });

  const { urlOf, isGood } = createFileUrls(config.PUBLIC_URL, config.FILE_URL_SECRET, config.FILE_URL_SECRET_ALSO);
  const store = createMessageStore(database, urlOf);
  const sender = new MessageWriter(database, urlOf, bus.spans);
  const files = createFileStore(database);
  const chats = new KnownChats(SCHEMA, database, bus, logger);
  const tickets = new Tickets(config.INTERNAL_URL ?? internal.url);
  const limits = {
    users: new TokenBuckets<number>(userRateOf(config.RATE_LIMIT_EVENTS)),
    sockets: new TokenBuckets<string>(rateOf(config.RATE_LIMIT_EVENTS)),
    reads: new Turns<number>(MAX_READS_PER_USER, READ_PATIENCE_MS),
  };

  const stopFollowing = chats.follow();
  bus.serve(messageContracts, routes({ store, sender, chats, files, tickets, isGoodFileUrl: isGood, limits, bus }));
  const stopAnnouncing = announceHeads(store.log, database, bus, messageHeads, logger);
  const stopRelaying = startRelay(config, {
    owner: 'message', schema: SCHEMA, database, databaseUrl: config.MESSAGE_DATABASE_URL, log: store.log, spans: bus.spans, logger,
    events: [newMessage, messagesRead],
    render: (rows) => integrationData(database, rows),
  });
  internal.serve(
    { nats: () => bus.isConnected, postgres: () => store.isReady() },
    [telemetry.metricsPage, transferRoute({ tickets, blobs, files, maxBytes: config.MAX_FILE_BYTES, telemetry, logger })],
  );
  logger.info({ port: internal.port }, 'ready');

  return {
    url: internal.url,
    over: untilMisfit(database, SCHEMA),
    async stop() {
      internal.withdraw();
      stopAnnouncing();
      await stopRelaying();
      stopFollowing();
      await bus.close();
      await database.destroy();
      await internal.close();
    },
  };
}
