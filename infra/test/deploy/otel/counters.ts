import type { Scrape } from '../../helpers/scrape.ts';
import { countersIn, type Counted } from './promql.ts';
import { ruleExpressions } from './rules.ts';

/** The counters that the rules take a rate or an increase of. */
export const countersOfRules = (): Counted[] => ruleExpressions().flatMap(countersIn);

/** Each series that a counter's selector names: every combination of the values of its labels. */
const seriesOf = ({ name, labels }: Counted): { name: string; labels: Record<string, string> }[] =>
  Object.entries(labels).reduce<{ name: string; labels: Record<string, string> }[]>(
    (series, [label, values]) =>
      series.flatMap((one) => values.map((value) => ({ name, labels: { ...one.labels, [label]: value } }))),
    [{ name, labels: {} }],
  );

/** The series of these counters that no process exposes, each once. */
export function missingSeries(counters: readonly Counted[], scrapes: readonly Scrape[]): string[] {
  const samples = scrapes.flatMap((scrape) => scrape.samples);
  const missing = counters
    .flatMap(seriesOf)
    .filter(
      ({ name, labels }) =>
        !samples.some(
          (sample) =>
            sample.name === name &&
            Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
        ),
    );
  return [...new Set(missing.map(({ name, labels }) => `${name}${JSON.stringify(labels)}`))];
}
