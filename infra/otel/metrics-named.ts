import { expressionsOf } from './dashboards/dashboard.ts';
import { switchboard } from './dashboards/switchboard.ts';
import { operationsExpressions } from './operations.ts';
import { seriesNamedIn } from './promql.ts';
import { ruleExpressions } from './rules.ts';

/** Told by Prometheus itself, by no process. */
const OF_PROMETHEUS = new Set(['up', 'ALERTS']);

const isRecorded = (name: string): boolean => name.includes(':');

const named = (): string[] => [...new Set([...ruleExpressions(), ...expressionsOf(switchboard()), ...operationsExpressions()].flatMap(seriesNamedIn))].sort();

/** Every metric of the processes that the dashboard, a rule or OPERATIONS.md names, as it is exposed: with _bucket, _count, _total. */
export const metricsNamed = (): string[] => named().filter((name) => !isRecorded(name) && !OF_PROMETHEUS.has(name));

/** Every series that they expect a rule to record. */
export const recordingsNamed = (): string[] => named().filter(isRecorded);
