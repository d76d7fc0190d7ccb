/** Limits a query to the processes that the dashboard's `instance` variable selects. */
const CHOSEN = 'service_instance_id=~"$instance"';

/** `{a="b",service_instance_id=~"$instance"}` */
export const of = (...matchers: readonly string[]): string => `{${[...matchers, CHOSEN].join(',')}}`;

export const service = (name: string): string => `service_name="${name}"`;

const byClause = (labels: readonly string[]): string =>
  labels.length === 0 ? '' : ` by (${labels.join(', ')})`;

/** The rate per second, summed by these labels. */
export const rate = (counter: string, selector: string, ...by: readonly string[]): string =>
  `sum${byClause(by)} (rate(${counter}${selector}[$__rate_interval]))`;

export const quantile = (
  share: number,
  histogram: string,
  selector: string,
  ...by: readonly string[]
): string => `histogram_quantile(${share}, ${rate(`${histogram}_bucket`, selector, 'le', ...by)})`;

export const max = (gauge: string, selector: string, ...by: readonly string[]): string =>
  `max${byClause(by)} (${gauge}${selector})`;
export const sum = (gauge: string, selector: string, ...by: readonly string[]): string =>
  `sum${byClause(by)} (${gauge}${selector})`;

/** Absent, not NaN, when the divisor is zero. */
export const ratio = (part: string, whole: string): string => `${part} / (${whole} > 0)`;
