import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const prometheusFolder = fileURLToPath(new URL('./prometheus/', import.meta.url));
export const rulesFile = fileURLToPath(new URL('./prometheus/rules.yml', import.meta.url));
export const rulesTestFile = fileURLToPath(new URL('./prometheus/rules.test.yml', import.meta.url));
export const collectorFile = fileURLToPath(new URL('./collector.yaml', import.meta.url));
export const dashboardFile = fileURLToPath(new URL('./grafana/switchboard.json', import.meta.url));
export const provisionedSourcesFile = fileURLToPath(new URL('./grafana/provisioning/datasources/switchboard.yaml', import.meta.url));
export const provisionedDashboardsFile = fileURLToPath(new URL('./grafana/provisioning/dashboards/switchboard.yaml', import.meta.url));
export const composeFile = fileURLToPath(new URL('../../docker-compose.yml', import.meta.url));
export const operationsFile = fileURLToPath(new URL('../OPERATIONS.md', import.meta.url));

export const textOf = (file: string): string => readFileSync(file, 'utf8');
