/**
 * A metric of this process. Several change with each message, so they are plain numbers;
 * `runtime/otel/metrics-source.ts` reads them at each scrape. Labels hold event names and codes, never client
 * input: that bounds the number of series.
 */
export type Instrument = Described &
  (
    | { readonly kind: 'counter' | 'gauge'; readonly points: () => Iterable<Point<number>> }
    | {
        readonly kind: 'histogram';
        readonly bounds: readonly number[];
        readonly points: () => Iterable<Point<Distribution>>;
      }
  );

interface Described {
  /** Dotted, as in OpenTelemetry. */
  readonly name: string;
  /** https://ucum.org: `s`, `{message}`; empty for a plain number. */
  readonly unit: string;
  readonly description: string;
}

export interface Point<Value> {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: Value;
}

export interface Distribution {
  /** Values up to each bound, then values above the last: one more than there are bounds. */
  readonly counts: readonly number[];
  readonly sum: number;
  readonly count: number;
}

const all = new Set<Instrument>();

/** All metrics of this process. */
export const instruments: ReadonlySet<Instrument> = all;

/** From the fastest reply to a time after which a client has given up. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** Durations, by up to two labels; an empty second label is omitted. */
export class DurationHistogram {
  readonly #series: Series<Accumulator>;

  constructor(
    name: string,
    description: string,
    labels: LabelNames,
    fixed: Readonly<Record<string, string>> = {},
  ) {
    this.#series = new Series(labels, fixed, () => new Accumulator(SECONDS));
    all.add({
      kind: 'histogram',
      name,
      unit: 's',
      description,
      bounds: SECONDS,
      points: () => this.#series.points(),
    });
  }

  /** Creates the series at 0, so that `rate()` sees the first increment. */
  createSeries(first: string, second = ''): void {
    this.#series.of(first, second);
  }

  record(ms: number, first: string, second = ''): void {
    this.#series.of(first, second).add(ms / 1_000);
  }
}

/** Sizes, without labels. */
export class SizeHistogram {
  readonly #accumulator: Accumulator;

  constructor(name: string, unit: string, description: string, bounds: readonly number[]) {
    this.#accumulator = new Accumulator(bounds);
    all.add({
      kind: 'histogram',
      name,
      unit,
      description,
      bounds,
      points: () => (this.#accumulator.count === 0 ? [] : [{ labels: {}, value: this.#accumulator }]),
    });
  }

  record(size: number): void {
    this.#accumulator.add(size);
  }
}

/** A count, by one label or none. Without a label its series begins at 0, so that `rate()` sees each. */
export class Counter {
  readonly #counts = new Map<string, number>();

  constructor(name: string, unit: string, description: string, label?: string) {
    if (label === undefined) this.add(0);
    const labelsOf = (value: string) => (label === undefined ? {} : { [label]: value });
    all.add({
      kind: 'counter',
      name,
      unit,
      description,
      points: () => [...this.#counts].map(([value, count]) => ({ labels: labelsOf(value), value: count })),
    });
  }

  add(count: number, value = ''): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + count);
  }
}

/** A current value, read at each scrape. Returns a function that removes it. */
export function observeGauge(
  name: string,
  unit: string,
  description: string,
  points: () => Iterable<Point<number>>,
): () => void {
  const gauge: Instrument = { kind: 'gauge', name, unit, description, points };
  all.add(gauge);
  return () => {
    all.delete(gauge);
  };
}

type LabelNames = readonly [first: string, second?: string];

class Series<Value> {
  readonly #labels: LabelNames;
  readonly #fixed: Readonly<Record<string, string>>;
  readonly #create: () => Value;
  readonly #values = new Map<string, Map<string, Value>>();

  constructor(labels: LabelNames, fixed: Readonly<Record<string, string>>, create: () => Value) {
    this.#labels = labels;
    this.#fixed = fixed;
    this.#create = create;
  }

  of(first: string, second: string): Value {
    return this.#values.get(first)?.get(second) ?? this.#begin(first, second);
  }

  *points(): Generator<Point<Value>> {
    const [one, two = ''] = this.#labels;
    for (const [first, values] of this.#values) {
      for (const [second, value] of values)
        yield {
          value,
          labels: { ...this.#fixed, [one]: first, ...(second === '' ? {} : { [two]: second }) },
        };
    }
  }

  #begin(first: string, second: string): Value {
    const value = this.#create();
    const values = this.#values.get(first) ?? new Map<string, Value>();
    this.#values.set(first, values.set(second, value));
    return value;
  }
}

class Accumulator implements Distribution {
  readonly #bounds: readonly number[];
  readonly counts: number[];
  sum = 0;
  count = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  add(value: number): void {
    let bucket = 0;
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] ?? 0)) bucket += 1;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sum += value;
    this.count += 1;
  }
}
