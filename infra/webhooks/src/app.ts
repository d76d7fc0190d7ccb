import { Bus } from '@switchboard/shared/bus';
import { webhookContracts } from '@switchboard/shared/contracts';
import { Leadership, openDatabase, untilMisfit } from '@switchboard/shared/postgres';
import { InternalServer, noTelemetry, type Logger, type Running, type Telemetry } from '@switchboard/shared/runtime';
import type { Config } from './config.ts';
import { Seal } from './domain/seal.ts';
import { Intake } from './intake.ts';
import { routes } from './routes.ts';
import { databaseOptions } from './store/database.ts';
import { createDeliveryQueue } from './store/delivery-queue.ts';
import { SCHEMA } from './store/entities.ts';
import { createWebhookStore } from './store/webhook-store.ts';
import { createUrlRules } from './url-rules.ts';
import { PACE, Worker, type Pace } from './worker.ts';

/** webhook-service, serving. Waits for Postgres, a schema that fits and NATS as long as they take; meanwhile it is live and not ready. RabbitMQ may come later. */
export async function createWebhookService(config: Config, logger: Logger, telemetry: Telemetry = noTelemetry, pace: Pace = PACE): Promise<Running & { readonly url: string }> {
  const internal = await InternalServer.listen(config.INTERNAL_HOST, config.INTERNAL_PORT);
  const database = await openDatabase(databaseOptions(config.WEBHOOK_DATABASE_URL), logger, internal.waits);
  const bus = await Bus.connect({ url: config.NATS_URL, user: 'webhook-service', logger, recorder: telemetry.recorder });

  const seal = new Seal(config.WEBHOOK_KEY, config.WEBHOOK_KEY_ALSO);
  const store = createWebhookStore(database, seal);
  if (config.WEBHOOK_KEY_ALSO !== undefined) logger.info(`${String(await store.sealAnew())} secrets were encrypted with the new key`);
  const queue = createDeliveryQueue(database);
  const rules = createUrlRules(config.WEBHOOK_ALLOW_PRIVATE);
  bus.serve(webhookContracts, routes(store, rules));
  const leadership = new Leadership({ url: config.WEBHOOK_DATABASE_URL, name: 'webhook.worker', logger });
  const worker = new Worker({ queue, seal, rules, leadership, pace, logger });
  const intake = new Intake({ url: config.AMQP_URL, exchange: config.AMQP_EXCHANGE, queue, leadership, onTaken: () => { worker.wake(); }, logger });
  internal.serve({ nats: () => bus.isConnected, postgres: () => store.isReady() }, [telemetry.metricsPage]);
  logger.info({ port: internal.port }, 'ready');

  return {
    url: internal.url,
    over: untilMisfit(database, SCHEMA),
    async stop() {
      internal.withdraw();
      await intake.stop();
      await worker.stop();
      await leadership.stop();
      await bus.close();
      await database.destroy();
      await internal.close();
    },
  };
}
