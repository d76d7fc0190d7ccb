import { metrics, type Attributes, type Histogram, type ObservableCallback } from '@opentelemetry/api';

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

/** How often something happened, by one label. Counted here, and read whenever somebody looks: many happen for each message. */
export class Counts<Label extends string> {
  readonly #label: Label | undefined;
  readonly #begin: () => void;
  readonly #counts = new Map<string, number>();

  constructor(name: string, unit: string, description: string, label?: Label) {
    this.#label = label;
    this.#begin = () => {
      meter().createObservableCounter(name, { unit, description }).addCallback((result) => {
        for (const [value, count] of this.#counts) result.observe(count, this.#label === undefined ? {} : { [this.#label]: value });
      });
    };
  }

  add(count: number, value = ''): void {
    if (this.#counts.size === 0) this.#begin();
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + count);
  }
}

/** How much there is, read whenever somebody looks. Returns how to stop. */
export function observe(name: string, unit: string, description: string, read: () => Iterable<readonly [number, Attributes]>): () => void {
  const gauge = meter().createObservableGauge(name, { unit, description });
  const tell: ObservableCallback = (result) => { for (const [value, attributes] of read()) result.observe(value, attributes); };
  gauge.addCallback(tell);
  return () => { gauge.removeCallback(tell); };
}
