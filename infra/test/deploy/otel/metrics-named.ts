import { dashboardExpressions } from './dashboard.ts';
import { docsExpressions } from './operations.ts';
import { seriesNamedIn } from './promql.ts';
import { ruleExpressions } from './rules.ts';

/** Series of Prometheus itself, which no process exposes. */
const OF_PROMETHEUS = new Set(['up', 'ALERTS']);

const isRecorded = (name: string): boolean => name.includes(':');

const named = (): string[] =>
  [
    ...new Set(
      [...ruleExpressions(), ...dashboardExpressions(), ...docsExpressions()].flatMap(seriesNamedIn),
    ),
  ].sort();

/**
 * Every metric of a process that the dashboard, a rule or the docs name, with its suffix (such as _bucket).
 */
export const metricsNamed = (): string[] =>
  named().filter((name) => !isRecorded(name) && !OF_PROMETHEUS.has(name));

/** Every recorded series that the dashboard, a rule or the docs name. */
export const recordingsNamed = (): string[] => named().filter(isRecorded);
