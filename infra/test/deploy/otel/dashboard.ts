import { z } from 'zod';
import { dashboardFile, textOf } from './files.ts';

const Place = z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() });
const Row = z.object({
  type: z.literal('row'),
  id: z.number(),
  title: z.string(),
  gridPos: Place,
});
const Chart = z.object({
  type: z.enum(['stat', 'timeseries']),
  id: z.number(),
  title: z.string(),
  description: z.string(),
  gridPos: Place,
  datasource: z.object({ uid: z.string() }),
  fieldConfig: z.object({ defaults: z.object({ unit: z.string() }) }),
  targets: z.array(z.object({ refId: z.string(), expr: z.string(), legendFormat: z.string() })),
});

/** The generated dashboard, as far as the tests read it. */
export const dashboard = z
  .object({
    uid: z.string(),
    schemaVersion: z.number(),
    links: z.array(z.object({ url: z.string() })),
    templating: z.object({
      list: z.array(z.object({ name: z.string(), type: z.string(), query: z.unknown() })),
    }),
    annotations: z.object({ list: z.array(z.object({ expr: z.string() })) }),
    panels: z.array(z.discriminatedUnion('type', [Row, Chart])),
  })
  .parse(JSON.parse(textOf(dashboardFile)));

export const charts = dashboard.panels.filter((panel) => panel.type !== 'row');

export const dashboardExpressions = (): string[] => [
  ...dashboard.annotations.list.map(({ expr }) => expr),
  ...charts.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
];
