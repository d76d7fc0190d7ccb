import { metrics, type Attributes, type Counter, type Histogram, type ObservableCallback } from '@opentelemetry/api';

// Instruments are asked for when they are first used: by then telemetry has been started, or is not wanted.

const meter = () => metrics.getMeter('switchboard');

/** Upper bounds, in seconds: from a fast machine's answer to what a client would call no answer. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** How long something took. */
export class Durations {
  readonly #create: () => Histogram;
  #histogram: Histogram | undefined;

  constructor(name: string, description: string) {
    this.#create = () => meter().createHistogram(name, { unit: 's', description, advice: { explicitBucketBoundaries: SECONDS } });
  }

  record(ms: number, attributes: Attributes): void {
    (this.#histogram ??= this.#create()).record(ms / 1_000, attributes);
  }
}

/** How large something was; `bounds` are the upper ones. */
export class Sizes {
  readonly #create: () => Histogram;
  #histogram: Histogram | undefined;

  constructor(name: string, unit: string, description: string, bounds: number[]) {
    this.#create = () => meter().createHistogram(name, { unit, description, advice: { explicitBucketBoundaries: bounds } });
  }

  record(size: number): void {
    (this.#histogram ??= this.#create()).record(size);
  }
}

/** How often something happened. */
export class Counts {
  readonly #create: () => Counter;
  #counter: Counter | undefined;

  constructor(name: string, unit: string, description: string) {
    this.#create = () => meter().createCounter(name, { unit, description });
  }

  add(count: number, attributes: Attributes = {}): void {
    (this.#counter ??= this.#create()).add(count, attributes);
  }
}

/** How much there is, read whenever somebody looks. Returns how to stop. */
export function observe(name: string, unit: string, description: string, read: () => Iterable<readonly [number, Attributes]>): () => void {
  const gauge = meter().createObservableGauge(name, { unit, description });
  const tell: ObservableCallback = (result) => { for (const [value, attributes] of read()) result.observe(value, attributes); };
  gauge.addCallback(tell);
  return () => { gauge.removeCallback(tell); };
}
