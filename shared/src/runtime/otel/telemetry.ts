import { noRecorder, type SpanRecorder, type Trace } from '../../telemetry/index.ts';
import type { InternalRoute } from '../health.ts';

/** The telemetry of a process. It never waits for a collector, and never fails because of one. */
export interface Telemetry {
  readonly recorder: SpanRecorder;
  /** The trace of the current HTTP request; undefined without tracing. */
  traceAtHand(): Trace | undefined;
  /**
   * Names the route of the current HTTP request: a path with the names of its parameters, never their values.
   */
  nameRoute(route: string): void;
  /**
   * Names the client of the current HTTP request. Otherwise it is the other end of the TCP connection, which
   * may be a proxy.
   */
  nameClient(address: string): void;
  /** `/metrics`, in Prometheus' text format. */
  readonly metricsPage: InternalRoute;
  /** Sends the remaining data, for at most two seconds. */
  stop(): Promise<void>;
}

export interface ProcessIdentity {
  readonly service: string;
  readonly instance: string;
  /** Clients connect to it: it links to the traces that they name and never continues them. */
  readonly isEdge: boolean;
}

export const noTelemetry: Telemetry = {
  recorder: noRecorder,
  traceAtHand: () => undefined,
  nameRoute: () => undefined,
  nameClient: () => undefined,
  metricsPage: (request, response) => {
    if (request.url !== '/metrics') return false;
    response
      .writeHead(404, { 'content-type': 'text/plain' })
      .end('Metrics are off. Start the process with OTEL_METRICS_EXPORTER=prometheus to serve them.\n');
    return true;
  },
  stop: () => Promise.resolve(),
};
