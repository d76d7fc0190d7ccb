import { createLogger, run } from '@switchboard/shared/runtime';
import { Config } from './config.ts';

await run('presence-service', { Config }, async (config, telemetry) => {
  // Imported here: telemetry instruments only the libraries that load after it.
  const { createPresenceService } = await import('./app.ts');
  return createPresenceService(
    config,
    createLogger('presence-service', config.LOG_LEVEL, config.SERVICE_INSTANCE),
    telemetry,
  );
});
