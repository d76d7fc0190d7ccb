import { createLogger, run } from '@switchboard/shared/runtime';
import { Config } from './config.ts';

await run('webhook-service', { Config }, async (config, telemetry) => {
  // Imported here: telemetry instruments only the libraries that load after it.
  const { createWebhookService } = await import('./app.ts');
  return createWebhookService(
    config,
    createLogger('webhook-service', config.LOG_LEVEL, config.SERVICE_INSTANCE),
    telemetry,
  );
});
