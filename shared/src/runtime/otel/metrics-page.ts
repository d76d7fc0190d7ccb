import type { ServerResponse } from 'node:http';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MetricReader, type MetricData, type ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { InternalRoute } from '../health.ts';

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * The suffixes that a collector appends:
 * https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 */
const SUFFIXES: Readonly<Record<string, string>> = { s: '.seconds', By: '.bytes', 1: '.ratio' };

/** Serves `/metrics`. The names are the same as behind a collector, so that dashboards fit both. */
export class MetricsPage extends MetricReader {
  readonly #serializer = new PrometheusSerializer(
    undefined,
    false,
    /^service\.(name|instance\.id)$/,
    false,
    true,
  );

  readonly route: InternalRoute = (request, response) => {
    if (request.url !== '/metrics') return false;
    void this.#respond(response);
    return true;
  };

  async #respond(response: ServerResponse): Promise<void> {
    try {
      const { resourceMetrics } = await this.collect();
      response
        .writeHead(200, { 'content-type': CONTENT_TYPE })
        .end(this.#serializer.serialize(withUnits(resourceMetrics)));
    } catch {
      response.writeHead(500, { 'content-type': 'text/plain' }).end('Collecting metrics failed.\n');
    }
  }

  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

const withUnits = ({ resource, scopeMetrics }: ResourceMetrics): ResourceMetrics => ({
  resource,
  scopeMetrics: scopeMetrics.map(({ scope, metrics }) => ({ scope, metrics: metrics.map(withUnit) })),
});

function withUnit(metric: MetricData): MetricData {
  const { descriptor } = metric;
  const suffix = SUFFIXES[descriptor.unit] ?? '';
  return {
    ...metric,
    descriptor: {
      ...descriptor,
      name: descriptor.name.endsWith(suffix) ? descriptor.name : `${descriptor.name}${suffix}`,
    },
  };
}
