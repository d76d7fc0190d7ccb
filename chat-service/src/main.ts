import { createLogger, readConfig, run } from '@switchboard/shared/runtime';
import { Config } from './config.ts';

await run('chat-service', async (telemetry) => {
  const config = readConfig(Config);
  // Telemetry listens to libraries from the moment in which they are loaded.
  const { createChatService } = await import('./app.ts');
  return createChatService(config, createLogger('chat-service', config.LOG_LEVEL, config.SERVICE_INSTANCE), telemetry);
});
