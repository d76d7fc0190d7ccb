import { noRecorder, type SpanRecorder, type Trace } from '../../bus/index.ts';
import type { InternalRoute } from '../health.ts';

/** What a process tells of itself. It never waits for whoever listens, and never fails for their sake. */
export interface Telemetry {
  readonly recorder: SpanRecorder;
  /** The trace of the HTTP request at hand; undefined where none is kept. */
  traceAtHand(): Trace | undefined;
  /** By which route the HTTP request at hand is served: a path with its parameters' names, never their values. */
  nameRoute(route: string): void;
  /** `/metrics`, in Prometheus' text format. */
  readonly metricsPage: InternalRoute;
  /** Sends what is left, for two seconds at most. */
  stop(): Promise<void>;
}

export interface TelemetryOf {
  readonly service: string;
  readonly instance: string;
  /** Strangers speak to it: the traces they name are linked to, never continued. */
  readonly isEdge: boolean;
}

export const noTelemetry: Telemetry = {
  recorder: noRecorder,
  traceAtHand: () => undefined,
  nameRoute: () => undefined,
  metricsPage: (request, response) => {
    if (request.url !== '/metrics') return false;
    response.writeHead(404, { 'content-type': 'text/plain' }).end('Metrics are off here. Start the process with OTEL_METRICS_EXPORTER=prometheus to have them.\n');
    return true;
  },
  stop: () => Promise.resolve(),
};
