import { diag, DiagLogLevel } from '@opentelemetry/api';
import { setGlobalErrorHandler } from '@opentelemetry/core';
import type { Logger } from '../logger.ts';

/** Limits the log lines while a collector is down. */
const WARN_EVERY_MS = 60_000;
/** Enough for each wrong variable of a process. */
const WARNINGS_IN_THAT_TIME = 10;

/** Logs what OpenTelemetry reports: exports that failed, and variables of its exporters that are wrong. */
export function logProblems(logger: Logger): void {
  const failed = atMost(1);
  setGlobalErrorHandler((error) => {
    if (failed())
      logger.warn({ err: error }, 'telemetry: sending failed; spans beyond the queue are dropped');
  });
  const warned = atMost(WARNINGS_IN_THAT_TIME);
  const warn = (warning: string, ...details: unknown[]) => {
    if (warned()) logger.warn({ warning, details }, 'telemetry: OpenTelemetry warned');
  };
  const ignore = () => undefined;
  diag.setLogger(
    { error: warn, warn, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}

/** Whether one more is within `most` per `WARN_EVERY_MS`. */
function atMost(most: number): () => boolean {
  let [since, count] = [Number.NEGATIVE_INFINITY, 0];
  return () => {
    if (performance.now() - since >= WARN_EVERY_MS) [since, count] = [performance.now(), 0];
    count += 1;
    return count <= most;
  };
}
