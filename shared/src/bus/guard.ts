import type { Logger } from 'pino';

/** Runs the handler of a received event or signal. An error in it must not end the process. */
export function guard(logger: Logger, run: () => void): void {
  try {
    run();
  } catch (error) {
    logger.error({ err: error }, 'bus: handling a received message failed');
  }
}
