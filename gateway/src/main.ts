import { createLogger, readConfig, run } from '@switchboard/shared/runtime';
import { createGateway } from './app.ts';
import { Config } from './config.ts';

await run('gateway', () => {
  const config = readConfig(Config);
  return createGateway(config, createLogger('gateway', config.LOG_LEVEL, config.SERVICE_INSTANCE));
});
