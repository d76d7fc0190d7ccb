import type { Logger } from '../logger.ts';
import { readTelemetryConfig } from './config.ts';
import { noTelemetry, type Telemetry, type TelemetryOf } from './telemetry.ts';

/**
 * Starts telemetry as the environment says. To be called before the libraries that it listens to are loaded. Throws a
 * ConfigError.
 */
export async function startTelemetry(of: TelemetryOf, logger: Logger): Promise<Telemetry> {
  const config = readTelemetryConfig();
  if (!config.traces && !config.metrics.otlp && !config.metrics.prometheus) return noTelemetry;
  // Large libraries, which whoever has no use for them need not load.
  const { startSdk } = await import('./sdk.ts');
  return startSdk(of, config, logger);
}
