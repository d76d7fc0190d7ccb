import { createLogger, run } from '@switchboard/shared/runtime';
import { Config } from './config.ts';

await run('gateway', { Config }, async (config, telemetry) => {
  // Telemetry patches libraries when they are loaded: the app loads after it.
  const { createGateway } = await import('./app.ts');
  return createGateway(config, createLogger('gateway', config.LOG_LEVEL, config.SERVICE_INSTANCE), telemetry);
});
