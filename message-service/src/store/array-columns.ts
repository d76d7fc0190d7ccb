/** A column that a statement receives for all its rows in one array parameter. */
export interface ArrayColumn<Row> {
  readonly name: string;
  /** The SQL type of one element. */
  readonly type: string;
  readonly value: (row: Row) => unknown;
}

type NamesAndTypes = readonly { readonly name: string; readonly type: string }[];

/** `unnest($1::uuid[], …) AS alias(id, …)`, with parameters numbered from `first`. */
export const unnest = (columns: NamesAndTypes, alias: string, first = 1): string =>
  `unnest(${columns.map(({ type }, index) => `$${first + index}::${type}[]`).join(', ')}) AS ${alias}(${namesOf(columns)})`;

export const namesOf = (columns: readonly { readonly name: string }[]): string =>
  columns.map(({ name }) => name).join(', ');

/** The parameters of `unnest`: one array per column. */
export const arraysOf = <Row>(columns: readonly ArrayColumn<Row>[], rows: readonly Row[]): unknown[][] =>
  columns.map(({ value }) => rows.map(value));
