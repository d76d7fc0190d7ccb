import { createLogger, run } from '@switchboard/shared/runtime';
import { check, Config } from './config.ts';

await run('message-service', { Config, check }, async (config, telemetry) => {
  // Imported here: telemetry instruments only the libraries that load after it.
  const { createMessageService } = await import('./app.ts');
  return createMessageService(
    config,
    createLogger('message-service', config.LOG_LEVEL, config.SERVICE_INSTANCE),
    telemetry,
  );
});
