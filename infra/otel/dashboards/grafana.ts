import type { Dashboard, GraphFieldConfig, Panel, RowPanel, ThresholdsConfig, VariableModel } from '@grafana/schema';
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type { Options as TimeSeriesOptions } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

/** Grafana's own schema of what it reads, as it is written in JSON: the values of an enumeration, and no name of it. */
type Written<Value> =
  Value extends string ? `${Value}`
    : Value extends number ? (`${Value}` extends `${infer Plain extends number}` ? Plain : never)
      : Value extends object ? { [Key in keyof Value]: Written<Value[Key]> } : Value;

export type GrafanaDashboard = Written<Omit<Dashboard, 'panels'>>;
export type GrafanaRow = Written<RowPanel>;
export type GrafanaPanel = Written<Panel>;
export type GrafanaLook = Written<GraphFieldConfig>;
export type GrafanaThresholds = Written<ThresholdsConfig>;
export type GrafanaVariable = Written<VariableModel>;
export type GrafanaStat = Written<StatOptions>;
export type GrafanaTimeSeries = Written<TimeSeriesOptions>;
