import { ConfigError } from './config.ts';
import { hostname } from 'node:os';
import { createLogger, type Logger } from './logger.ts';
import { startTelemetry } from './telemetry/start.ts';
import type { Telemetry } from './telemetry/telemetry.ts';

/** A started process: `stop` finishes what is under way and lets go of everything. */
export interface Running {
  stop(): Promise<void>;
  /** Resolves when it can go on no longer, with why. It is then stopped, and started again by the supervisor. */
  readonly over?: Promise<string | undefined>;
}

const STOP_WITHIN_MS = 14_000;
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Runs a process until it is told to stop. `start` comes after telemetry and imports whatever telemetry listens to. SIGTERM and SIGINT stop it in order, exit code 0, within 15 s even when what it
 * talks to is dead. What cannot be started, is over, or breaks in a way nobody foresaw, ends it with 1 for the supervisor to restart.
 */
export async function run(service: string, start: (telemetry: Telemetry) => Promise<Running>): Promise<void> {
  const logger = createLogger(service, 'info');
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'ended by an error that nobody caught');
    process.exit(1);
  });
  try {
    // A process that waits for what it needs has taken nothing that it would have to finish. As the first of a container it ends by no
    // signal that it does not handle.
    const endAtOnce = () => process.exit(0);
    for (const signal of SIGNALS) process.once(signal, endAtOnce);
    const telemetry = await startTelemetry({ service, instance: process.env['SERVICE_INSTANCE'] ?? hostname(), isEdge: service === 'gateway' }, logger);
    const running = await start(telemetry);
    for (const signal of SIGNALS) process.off(signal, endAtOnce).once(signal, () => { void stop(running, telemetry, logger, 0); });
    void running.over?.then((why) => {
      if (why === undefined) return;
      logger.error(`stopping: ${why}`);
      void stop(running, telemetry, logger, 1);
    });
  } catch (error) {
    if (error instanceof ConfigError) process.stderr.write(`${service}: ${error.message}\n`);
    else logger.fatal({ err: error }, 'could not start');
    process.exit(1);
  }
}

async function stop(running: Running, telemetry: Telemetry, logger: Logger, exitCode: 0 | 1): Promise<void> {
  const timer = setTimeout(() => {
    logger.warn('not everything could be finished in time');
    process.exit(exitCode);
  }, STOP_WITHIN_MS);
  try {
    await running.stop();
  } catch (error) {
    logger.error({ err: error }, 'could not stop in order');
  }
  await telemetry.stop();
  clearTimeout(timer);
  process.exit(exitCode);
}
