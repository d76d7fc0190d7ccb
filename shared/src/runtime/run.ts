import { hostname } from 'node:os';
import type { z } from 'zod';
import { ConfigError } from '../config-error.ts';
import { EXIT_CONFIG } from './config.ts';
import { createLogger, type Logger } from './logger.ts';
import { startTelemetry } from './otel/start.ts';
import type { Telemetry } from './otel/telemetry.ts';
import { readProcessConfig, type Configuration } from './process-config.ts';

/** A started process. `stop` finishes the work in progress and releases every resource. */
export interface Running {
  stop(): Promise<void>;
  /**
   * Resolves with the reason once the process can no longer serve: it then stops, and its supervisor restarts
   * it.
   */
  readonly over?: Promise<string | undefined>;
}

const STOP_WITHIN_MS = 14_000;
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Runs a process until SIGTERM or SIGINT. Reads the whole configuration first. `start` runs after telemetry
 * and imports the libraries that telemetry instruments. A signal stops the process in order with exit code 0,
 * within 15 s even when its dependencies are dead. A failed start, `over` and an uncaught exception end it
 * with 1, for the supervisor to restart it; an invalid configuration ends it with `EXIT_CONFIG`.
 */
export async function run<S extends z.ZodObject>(
  service: string,
  configuration: Configuration<S>,
  start: (config: z.output<S>, telemetry: Telemetry) => Promise<Running>,
): Promise<void> {
  const logger = createLogger(service, 'info');
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'process: ended by an uncaught exception');
    process.exit(1);
  });
  try {
    // A process that still waits for its dependencies has no work to finish. It must handle the signals
    // itself: process 1 of a container ignores the ones that it does not handle.
    const endAtOnce = () => process.exit(0);
    for (const signal of SIGNALS) process.once(signal, endAtOnce);
    const config = readProcessConfig(configuration);
    const telemetry = await startTelemetry(
      { service, instance: process.env['SERVICE_INSTANCE'] ?? hostname(), isEdge: service === 'gateway' },
      logger,
    );
    const running = await start(config, telemetry);
    for (const signal of SIGNALS)
      process.off(signal, endAtOnce).once(signal, () => {
        void stop(running, telemetry, logger, 0);
      });
    void running.over?.then((why) => {
      if (why === undefined) return;
      logger.error({ why }, 'process: became unable to serve');
      void stop(running, telemetry, logger, 1);
    });
  } catch (error) {
    if (error instanceof ConfigError) endByConfig(service, error);
    logger.fatal({ err: error }, 'process: starting failed');
    process.exit(1);
  }
}

async function stop(running: Running, telemetry: Telemetry, logger: Logger, exitCode: 0 | 1): Promise<void> {
  const timer = setTimeout(() => {
    logger.warn('process: stopping took too long');
    process.exit(exitCode);
  }, STOP_WITHIN_MS);
  try {
    await running.stop();
  } catch (error) {
    logger.error({ err: error }, 'process: stopping in order failed');
  }
  await telemetry.stop();
  clearTimeout(timer);
  process.exit(exitCode);
}

/** Ends the process with the sentence for the person who started it. */
export function endByConfig(program: string, error: ConfigError): never {
  process.stderr.write(`${program}: ${error.message}\n`);
  process.exit(error.isFinal ? EXIT_CONFIG : 1);
}
