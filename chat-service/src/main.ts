import { createLogger, run } from '@switchboard/shared/runtime';
import { Config } from './config.ts';

await run('chat-service', { Config }, async (config, telemetry) => {
  // Imported here: telemetry instruments only the libraries that load after it.
  const { createChatService } = await import('./app.ts');
  return createChatService(
    config,
    createLogger('chat-service', config.LOG_LEVEL, config.SERVICE_INSTANCE),
    telemetry,
  );
});
