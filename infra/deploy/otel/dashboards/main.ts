import { writeFileSync } from 'node:fs';
import { dashboardText } from './switchboard.ts';

// node infra/deploy/otel/dashboards/main.ts
writeFileSync(new URL('../grafana/switchboard.json', import.meta.url), dashboardText());
