import { pino, type Logger } from 'pino';
import pretty from 'pino-pretty';
import { describeError } from './describe-error.ts';

export type { Logger } from 'pino';

/**
 * Writes JSON lines to stdout, and readable lines to a terminal. Callers never log a token, a message body or
 * a connection string.
 */
export function createLogger(service: string, level: string, instance: string = service): Logger {
  const options = {
    level,
    base: { service, instance },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError },
  };
  return process.stdout.isTTY
    ? pino(options, pretty({ ignore: 'pid,hostname,service', messageFormat: '[{instance}] {msg}' }))
    : pino(options);
}
