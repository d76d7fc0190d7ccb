import { createLogger, readConfig, run } from '@switchboard/shared/runtime';
import { createPresenceService } from './app.ts';
import { Config } from './config.ts';

await run('presence-service', () => {
  const config = readConfig(Config);
  return createPresenceService(config, createLogger('presence-service', config.LOG_LEVEL, config.SERVICE_INSTANCE));
});
