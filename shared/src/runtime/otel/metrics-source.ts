import { ValueType, type HrTime } from '@opentelemetry/api';
import { millisToHrTime } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  DataPointType,
  type CollectionResult,
  type DataPoint,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics';
import { instruments, type Instrument, type Point } from '../../telemetry/index.ts';

const SCOPE = { name: 'switchboard' };

/** This process's instruments for OpenTelemetry's readers: sums and distributions since its start. */
export class MetricsSource implements MetricProducer {
  readonly #resource: Resource;
  readonly #startTime = millisToHrTime(Date.now());

  constructor(resource: Resource) {
    this.#resource = resource;
  }

  collect(): Promise<CollectionResult> {
    const endTime = millisToHrTime(Date.now());
    const metrics = [...instruments]
      .map((instrument) => this.#metricOf(instrument, endTime))
      .filter(({ dataPoints }) => dataPoints.length > 0);
    return Promise.resolve({
      resourceMetrics: { resource: this.#resource, scopeMetrics: [{ scope: SCOPE, metrics }] },
      errors: [],
    });
  }

  #metricOf(instrument: Instrument, endTime: HrTime): MetricData {
    const { name, unit, description } = instrument;
    const common = {
      descriptor: { name, unit, description, valueType: ValueType.DOUBLE },
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
    };
    const at = <From, To>(points: Iterable<Point<From>>, valueOf: (value: From) => To): DataPoint<To>[] =>
      [...points].map(({ labels, value }) => ({
        startTime: this.#startTime,
        endTime,
        attributes: labels,
        value: valueOf(value),
      }));
    if (instrument.kind === 'histogram') {
      const { bounds } = instrument;
      return {
        ...common,
        dataPointType: DataPointType.HISTOGRAM,
        dataPoints: at(instrument.points(), ({ counts, sum, count }) => ({
          buckets: { boundaries: [...bounds], counts: [...counts] },
          sum,
          count,
        })),
      };
    }
    const dataPoints = at(instrument.points(), (value) => value);
    return instrument.kind === 'gauge'
      ? { ...common, dataPointType: DataPointType.GAUGE, dataPoints }
      : { ...common, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints };
  }
}
