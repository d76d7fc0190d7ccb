export { ConfigError } from '../config-error.ts';
export {
  Bytes,
  Seconds,
  EXIT_CONFIG,
  Flag,
  HttpUrl,
  internalConfig,
  Key,
  Limit,
  numeric,
  Port,
  PostgresUrl,
  processConfig,
  readConfig,
} from './config.ts';
export { folderProblem, makeFolder } from './folders.ts';
export {
  InternalServer,
  markUnanswered,
  readiness,
  type Checks,
  type InternalRoute,
  type Readiness,
} from './health.ts';
export { createLogger, type Logger } from './logger.ts';
export { listenError } from './listen-error.ts';
export { natsAccess } from './nats-access.ts';
export { mistakesOf, readProcessConfig, type Configuration } from './process-config.ts';
export { endByConfig, run, type Running } from './run.ts';
export { noTelemetry, type Telemetry } from './otel/telemetry.ts';
