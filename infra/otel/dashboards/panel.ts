/** Grafana's names of units. */
export type Unit = 's' | 'short' | 'percentunit' | 'bytes' | 'ops' | 'reqps';

export interface Query {
  readonly expr: string;
  readonly legend: string;
}

export interface Panel {
  readonly kind: 'stat' | 'timeseries';
  readonly title: string;
  /** What the value means and what it should be. */
  readonly description: string;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** From here on it is bad: a red line, or a red number. */
  readonly bad?: number;
  /** From here down it is bad. */
  readonly badBelow?: number;
  /** Of 24 columns. */
  readonly width: number;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

type Look = Partial<Pick<Panel, 'bad' | 'badBelow' | 'width'>>;

export const row = (title: string, panels: readonly Panel[]): Row => ({ title, panels });

export const query = (legend: string, expr: string): Query => ({ legend, expr });

export const timeseries = (title: string, unit: Unit, description: string, queries: readonly Query[], look: Look = {}): Panel =>
  ({ kind: 'timeseries', title, unit, description, queries, width: 8, ...look });

export const stat = (title: string, unit: Unit, description: string, queries: readonly Query[], look: Look = {}): Panel =>
  ({ kind: 'stat', title, unit, description, queries, width: 4, ...look });
