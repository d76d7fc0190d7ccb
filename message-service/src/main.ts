import { createLogger, readConfig, run } from '@switchboard/shared/runtime';
import { Config } from './config.ts';

await run('message-service', async (telemetry) => {
  const config = readConfig(Config);
  // Telemetry listens to libraries from the moment in which they are loaded.
  const { createMessageService } = await import('./app.ts');
  return createMessageService(config, createLogger('message-service', config.LOG_LEVEL, config.SERVICE_INSTANCE), telemetry);
});
