export { Bytes, ConfigError, Flag, internalConfig, Key, Limit, Port, PostgresUrl, processConfig, readConfig } from './config.ts';
export { InternalServer, markUnanswered, readiness, type Checks, type InternalRoute, type Readiness } from './health.ts';
export { createLogger, type Logger } from './logger.ts';
export { run, type Running } from './run.ts';
export { noTelemetry, type Telemetry } from './telemetry/telemetry.ts';
