import { startRelay } from '@switchboard/shared/amqp';
import { chatContracts, chatEvents, chatHeads } from '@switchboard/shared/contracts';
import { announceHeads, LogRenderer, UnknownEvents } from '@switchboard/shared/log';
import { runService, type RunningService } from '@switchboard/shared/run-service';
import type { Logger, Telemetry } from '@switchboard/shared/runtime';
import { Completion } from './completion.ts';
import type { Config } from './config.ts';
import { events } from './events.ts';
import { routes } from './routes.ts';
import { createChatStore } from './store/chat-store.ts';
import { databaseOptions } from './store/database.ts';
import { SCHEMA } from './store/entities.ts';
import { createUserIds } from './store/user-ids.ts';

export const createChatService = (
  config: Config,
  logger: Logger,
  telemetry?: Telemetry,
): Promise<RunningService> =>
  runService(
    {
      name: 'chat-service',
      contracts: chatContracts,
      calls: ['message'],
      database: databaseOptions(config.CHAT_DATABASE_URL),
      wire({ database, bus }) {
        const renderer = new LogRenderer(events, new UnknownEvents(logger));
        const store = createChatStore(database, renderer, { maxOpen: config.MAX_OPEN_CHATS });
        return {
          routes: routes(store, createUserIds(database), bus),
          start: () => [
            announceHeads(store.log, database, bus, chatHeads, logger),
            startRelay(config, {
              owner: 'chat',
              schema: SCHEMA,
              database,
              databaseUrl: config.CHAT_DATABASE_URL,
              log: store.log,
              spans: bus.spans,
              logger,
              events: Object.values(chatEvents),
              render: (rows) => Promise.resolve(renderer.publish(rows, undefined)),
            }),
            new Completion(store, bus, logger).start(),
          ],
        };
      },
    },
    config,
    logger,
    telemetry,
  );
