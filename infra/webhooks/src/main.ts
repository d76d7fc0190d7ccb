import { createLogger, readConfig, run } from '@switchboard/shared/runtime';
import { Config } from './config.ts';

await run('webhook-service', async (telemetry) => {
  const config = readConfig(Config);
  // Telemetry listens to libraries from the moment in which they are loaded.
  const { createWebhookService } = await import('./app.ts');
  return createWebhookService(config, createLogger('webhook-service', config.LOG_LEVEL, config.SERVICE_INSTANCE), telemetry);
});
