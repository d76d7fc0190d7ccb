import { createLogger, readConfig, run } from '@switchboard/shared/runtime';
import { Config } from './config.ts';

await run('presence-service', async (telemetry) => {
  const config = readConfig(Config);
  // Telemetry listens to libraries from the moment in which they are loaded.
  const { createPresenceService } = await import('./app.ts');
  return createPresenceService(config, createLogger('presence-service', config.LOG_LEVEL, config.SERVICE_INSTANCE), telemetry);
});
