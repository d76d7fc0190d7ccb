import { webhookContracts } from '@switchboard/shared/contracts';
import { Leadership } from '@switchboard/shared/postgres';
import { runService, type RunningService } from '@switchboard/shared/run-service';
import type { Logger, Telemetry } from '@switchboard/shared/runtime';
import type { Config } from './config.ts';
import { Seal } from './domain/seal.ts';
import { Intake } from './intake.ts';
import { routes } from './routes.ts';
import { databaseOptions } from './store/database.ts';
import { createDeliveryQueue } from './store/delivery-queue.ts';
import { createWebhookStore } from './store/webhook-store.ts';
import { createUrlRules } from './url-rules.ts';
import { PACE, Worker, type Pace } from './worker.ts';

/** Becomes ready without RabbitMQ: the intake keeps connecting. */
export const createWebhookService = (
  config: Config,
  logger: Logger,
  telemetry?: Telemetry,
  pace: Pace = PACE,
): Promise<RunningService> =>
  runService(
    {
      name: 'webhook-service',
      contracts: webhookContracts,
      calls: [],
      database: databaseOptions(config.WEBHOOK_DATABASE_URL),
      async wire({ database }) {
        const seal = new Seal(config.WEBHOOK_KEY, config.WEBHOOK_KEY_ALSO);
        const store = createWebhookStore(database, seal);
        if (config.WEBHOOK_KEY_ALSO !== undefined)
          logger.info(
            { secrets: await store.reencrypt() },
            'webhooks: secrets re-encrypted with the new key',
          );
        const queue = createDeliveryQueue(database);
        const rules = createUrlRules(config.WEBHOOK_ALLOW_PRIVATE);
        return {
          routes: routes(store, rules),
          start() {
            const leadership = new Leadership({
              url: config.WEBHOOK_DATABASE_URL,
              name: 'webhook.worker',
              logger,
            });
            const worker = new Worker({ queue, seal, rules, leadership, pace, logger });
            const intake = new Intake({
              url: config.AMQP_URL,
              exchange: config.AMQP_EXCHANGE,
              queue,
              leadership,
              onStored: () => {
                worker.wake();
              },
              logger,
            });
            return [() => intake.stop(), () => worker.stop(), () => leadership.stop()];
          },
        };
      },
    },
    config,
    logger,
    telemetry,
  );
