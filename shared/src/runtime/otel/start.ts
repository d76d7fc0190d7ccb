import type { Logger } from '../logger.ts';
import { readTelemetryConfig } from './config.ts';
import { noTelemetry, type Telemetry, type ProcessIdentity } from './telemetry.ts';

/**
 * Starts telemetry by the environment's configuration. Must run before the libraries that it instruments
 * load. Throws a ConfigError.
 */
export async function startTelemetry(identity: ProcessIdentity, logger: Logger): Promise<Telemetry> {
  const config = readTelemetryConfig();
  const { traces, metrics } = config;
  if (traces === undefined && metrics.otlp === undefined && !metrics.prometheus) return noTelemetry;
  // Large libraries: loaded only when used.
  const { startSdk } = await import('./sdk.ts');
  return startSdk(identity, config, logger);
}
