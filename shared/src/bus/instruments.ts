/**
 * What a process counts and measures. Several of these happen for each message, so they are added up here, in plain
 * numbers; telemetry reads them when somebody asks (`runtime/telemetry/metrics-source.ts`). Labels are names of ours, never a
 * client's words: there are as many series as there are events and codes.
 */
export type Instrument = Described & (
  | { readonly kind: 'counter' | 'gauge'; readonly points: () => Iterable<Point<number>> }
  | { readonly kind: 'histogram'; readonly bounds: readonly number[]; readonly points: () => Iterable<Point<Distribution>> }
);

interface Described {
  /** Dotted, as OpenTelemetry writes them. */
  readonly name: string;
  /** https://ucum.org: `s`, `{message}`; none for a plain number. */
  readonly unit: string;
  readonly description: string;
}

export interface Point<Value> {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: Value;
}

export interface Distribution {
  /** How many fell below or on each bound, and above the last; one more than there are bounds. */
  readonly counts: readonly number[];
  readonly sum: number;
  readonly count: number;
}

const all = new Set<Instrument>();

/** Those of this process. */
export const instruments: ReadonlySet<Instrument> = all;

/** From a fast machine's answer to what a client would call none. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** How long something took, by up to two labels; an empty second one is left out. */
export class Durations {
  readonly #series: Series<Tally>;

  constructor(name: string, description: string, labels: LabelNames, fixed: Readonly<Record<string, string>> = {}) {
    this.#series = new Series(labels, fixed, () => new Tally(SECONDS));
    all.add({ kind: 'histogram', name, unit: 's', description, bounds: SECONDS, points: () => this.#series.points() });
  }

  /** It exists before it counts: a rate sees no first one that comes out of nothing. */
  begin(first: string, second = ''): void {
    this.#series.of(first, second);
  }

  record(ms: number, first: string, second = ''): void {
    this.#series.of(first, second).add(ms / 1_000);
  }
}

/** How large something was. */
export class Sizes {
  readonly #tally: Tally;

  constructor(name: string, unit: string, description: string, bounds: readonly number[]) {
    this.#tally = new Tally(bounds);
    all.add({ kind: 'histogram', name, unit, description, bounds, points: () => (this.#tally.count === 0 ? [] : [{ labels: {}, value: this.#tally }]) });
  }

  record(size: number): void {
    this.#tally.add(size);
  }
}

/** How often something happened, by one label or by none. */
export class Counts {
  readonly #counts = new Map<string, number>();

  constructor(name: string, unit: string, description: string, label?: string) {
    const labelsOf = (value: string) => (label === undefined ? {} : { [label]: value });
    all.add({ kind: 'counter', name, unit, description, points: () => [...this.#counts].map(([value, count]) => ({ labels: labelsOf(value), value: count })) });
  }

  add(count: number, value = ''): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + count);
  }
}

/** How much there is, read whenever somebody looks. Returns how to stop. */
export function observe(name: string, unit: string, description: string, points: () => Iterable<Point<number>>): () => void {
  const gauge: Instrument = { kind: 'gauge', name, unit, description, points };
  all.add(gauge);
  return () => { all.delete(gauge); };
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
      for (const [second, value] of values) yield { value, labels: { ...this.#fixed, [one]: first, ...(second === '' ? {} : { [two]: second }) } };
    }
  }

  #begin(first: string, second: string): Value {
    const value = this.#create();
    const values = this.#values.get(first) ?? new Map<string, Value>();
    this.#values.set(first, values.set(second, value));
    return value;
  }
}

class Tally implements Distribution {
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
