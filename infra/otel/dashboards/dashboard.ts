import type { GrafanaDashboard, GrafanaLook, GrafanaPanel, GrafanaRow, GrafanaStat, GrafanaThresholds, GrafanaTimeSeries } from './grafana.ts';
import { place, type Placed, type Position } from './grid.ts';
import { type Panel, type Query, type Row } from './panel.ts';
import { variables } from './variables.ts';

export interface Options {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly rows: readonly Row[];
}

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** Grafana's form of it. */
export const dashboard = (options: Options) => ({ ...frameOf(options), panels: place(options.rows).map(toJson) });

const frameOf = ({ uid, title, description }: Options) => ({
  uid,
  title,
  description,
  tags: ['switchboard'],
  schemaVersion: 39,
  version: 1,
  editable: false,
  graphTooltip: 1,
  refresh: '30s',
  time: { from: 'now-3h', to: 'now' },
  timezone: 'browser',
  links: [{ type: 'link', title: 'Operations', tooltip: 'What each alert means and what to do', url: '${operations}', icon: 'doc', targetBlank: true, asDropdown: false, includeVars: false, keepTime: false, tags: [] }],
  templating: { list: variables(DATASOURCE) },
  annotations: { list: [firingAlerts] },
}) satisfies GrafanaDashboard;

export type Dashboard = ReturnType<typeof dashboard>;

const firingAlerts = {
  name: 'Alerts',
  datasource: DATASOURCE,
  enable: true,
  hide: false,
  iconColor: 'red',
  expr: 'ALERTS{alertstate="firing"}',
  titleFormat: '{{alertname}}',
  textFormat: '{{service_name}} {{service_instance_id}}',
  step: '1m',
};

export const expressionsOf = ({ panels, annotations }: Dashboard): string[] => [
  ...annotations.list.map(({ expr }) => expr),
  ...panels.flatMap((panel) => ('targets' in panel ? panel.targets.map(({ expr }) => expr) : [])),
];

const toJson = (placed: Placed, index: number) => ('row' in placed ? rowJson(placed.row, placed.at, index + 1) : panelJson(placed.panel, placed.at, index + 1));

const rowJson = ({ title }: Row, at: Position, id: number) => ({ id, type: 'row' as const, title, collapsed: false, gridPos: at, panels: [] }) satisfies GrafanaRow;

const panelJson = (panel: Panel, at: Position, id: number) => ({
  id,
  type: panel.kind,
  title: panel.title,
  description: panel.description,
  gridPos: at,
  datasource: DATASOURCE,
  fieldConfig: { defaults: { unit: panel.unit, min: 0, thresholds: thresholdsOf(panel), ...lookOf(panel) }, overrides: [] },
  options: panel.kind === 'stat' ? statOptions : timeseriesOptions,
  targets: panel.queries.map((query, place) => targetJson(query, place, panel.kind)),
}) satisfies GrafanaPanel;

const targetJson = ({ expr, legend }: Query, place: number, kind: Panel['kind']) => ({
  refId: String.fromCharCode('A'.charCodeAt(0) + place),
  datasource: DATASOURCE,
  expr,
  legendFormat: legend,
  instant: kind === 'stat',
  range: kind === 'timeseries',
});

function thresholdsOf({ bad, badBelow }: Panel): GrafanaThresholds {
  const first = { color: badBelow === undefined ? 'green' : 'red', value: null };
  const second = badBelow ?? bad;
  return { mode: 'absolute', steps: second === undefined ? [first] : [first, { color: badBelow === undefined ? 'red' : 'green', value: second }] };
}

const lookOf = ({ kind, bad, badBelow }: Panel) =>
  kind === 'stat'
    ? { noValue: 'no traffic' }
    : { custom: { drawStyle: 'line', lineWidth: 1, fillOpacity: 8, showPoints: 'never', spanNulls: false, thresholdsStyle: { mode: bad === undefined && badBelow === undefined ? 'off' : 'dashed' } } satisfies GrafanaLook };

const statOptions = {
  colorMode: 'value',
  graphMode: 'none',
  justifyMode: 'auto',
  textMode: 'value_and_name',
  reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
} satisfies Partial<GrafanaStat>;

const timeseriesOptions = {
  legend: { showLegend: true, displayMode: 'table', placement: 'bottom', calcs: ['mean', 'max', 'lastNotNull'] },
  tooltip: { mode: 'multi', sort: 'desc' },
} satisfies GrafanaTimeSeries;
