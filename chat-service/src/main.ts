import { createLogger, readConfig, run } from '@switchboard/shared/runtime';
import { createChatService } from './app.ts';
import { Config } from './config.ts';

await run('chat-service', () => {
  const config = readConfig(Config);
  return createChatService(config, createLogger('chat-service', config.LOG_LEVEL, config.SERVICE_INSTANCE));
});
