import { writeFileSync } from 'node:fs';
import { dashboardFile } from '../files.ts';
import { dashboardText } from './switchboard.ts';

// node infra/otel/dashboards/main.ts
writeFileSync(dashboardFile, dashboardText());
