import { createLogger, readConfig, run } from '@switchboard/shared/runtime';
import { createMessageService } from './app.ts';
import { Config } from './config.ts';

await run('message-service', () => {
  const config = readConfig(Config);
  return createMessageService(config, createLogger('message-service', config.LOG_LEVEL, config.SERVICE_INSTANCE));
});
