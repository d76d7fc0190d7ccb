import { createLogger, readConfig, run } from '@switchboard/shared/runtime';
import { Config } from './config.ts';

await run('gateway', async (telemetry) => {
  const config = readConfig(Config);
  // Telemetry listens to libraries from the moment in which they are loaded.
  const { createGateway } = await import('./app.ts');
  return createGateway(config, createLogger('gateway', config.LOG_LEVEL, config.SERVICE_INSTANCE), telemetry);
});
