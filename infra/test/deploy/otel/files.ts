import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const prometheusFolder = fileURLToPath(new URL('../../../deploy/otel/prometheus/', import.meta.url));
export const rulesFile = fileURLToPath(new URL('../../../deploy/otel/prometheus/rules.yml', import.meta.url));
export const rulesTestFile = fileURLToPath(
  new URL('../../../deploy/otel/prometheus/rules.test.yml', import.meta.url),
);
export const alertmanagerFile = fileURLToPath(
  new URL('../../../deploy/otel/alertmanager/alertmanager.yml', import.meta.url),
);
export const collectorFile = fileURLToPath(new URL('../../../deploy/otel/collector.yaml', import.meta.url));
export const dashboardFile = fileURLToPath(
  new URL('../../../deploy/otel/grafana/switchboard.json', import.meta.url),
);
export const provisionedSourcesFile = fileURLToPath(
  new URL('../../../deploy/otel/grafana/provisioning/datasources/switchboard.yaml', import.meta.url),
);
export const provisionedDashboardsFile = fileURLToPath(
  new URL('../../../deploy/otel/grafana/provisioning/dashboards/switchboard.yaml', import.meta.url),
);
export const composeFile = fileURLToPath(new URL('../../../../docker-compose.yml', import.meta.url));

export const textOf = (file: string): string => readFileSync(file, 'utf8');
