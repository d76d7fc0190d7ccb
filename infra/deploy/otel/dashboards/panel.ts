import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphDrawStyle,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { ThresholdsConfigBuilder, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Panel as GrafanaPanel } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** Grafana's unit names. */
export type Unit = 's' | 'short' | 'percentunit' | 'bytes' | 'ops' | 'reqps';

export type Panel = Builder<GrafanaPanel>;

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Query {
  readonly expr: string;
  readonly legend: string;
}

interface Look {
  /** Values from here up are bad: a red line, or a red number. */
  readonly bad?: number;
  /** Values below are bad. */
  readonly badBelow?: number;
  /** Of 24 columns. */
  readonly width?: number;
}

export const row = (title: string, panels: readonly Panel[]): Row => ({ title, panels });

export const query = (legend: string, expr: string): Query => ({ legend, expr });

/** A chart. The description says what the value means and what it should be. */
export const timeseries = (
  title: string,
  unit: Unit,
  description: string,
  queries: readonly Query[],
  { width = 8, ...limits }: Look = {},
): Panel =>
  new TimeseriesBuilder()
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .unit(unit)
    .min(0)
    .span(width)
    .height(8)
    .thresholds(thresholds(limits))
    .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(thresholdsStyle(limits)))
    .drawStyle(GraphDrawStyle.Line)
    .lineWidth(1)
    .fillOpacity(8)
    .showPoints(VisibilityMode.Never)
    .spanNulls(false)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .calcs(['mean', 'max', 'lastNotNull']),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .targets(queries.map((one, place) => target(one, place).range()));

/** A panel with the latest value as a number. */
export const stat = (
  title: string,
  unit: Unit,
  description: string,
  queries: readonly Query[],
  { width = 4, ...limits }: Look = {},
): Panel =>
  new StatBuilder()
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .unit(unit)
    .min(0)
    .noValue('no traffic')
    .span(width)
    .height(4)
    .thresholds(thresholds(limits))
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.None)
    .textMode(BigValueTextMode.ValueAndName)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('').values(false))
    .targets(queries.map((one, place) => target(one, place).instant()));

const target = ({ expr, legend }: Query, place: number): DataqueryBuilder =>
  new DataqueryBuilder()
    .refId(String.fromCharCode('A'.charCodeAt(0) + place))
    .datasource(DATASOURCE)
    .expr(expr)
    .legendFormat(legend);

function thresholds({ bad, badBelow }: Look): ThresholdsConfigBuilder {
  const [low, high]: [string, string] = badBelow === undefined ? ['green', 'red'] : ['red', 'green'];
  const value = badBelow ?? bad;
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([{ color: low, value: null }, ...(value === undefined ? [] : [{ color: high, value }])]);
}

const thresholdsStyle = ({ bad, badBelow }: Look): GraphThresholdsStyleMode =>
  bad === undefined && badBelow === undefined
    ? GraphThresholdsStyleMode.Off
    : GraphThresholdsStyleMode.Dashed;
