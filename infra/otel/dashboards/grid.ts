import { type Panel, type Row } from './panel.ts';

export interface Position {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export type Placed = { readonly row: Row; readonly at: Position } | { readonly panel: Panel; readonly at: Position };

const COLUMNS = 24;
const heightOf = ({ kind }: Panel): number => (kind === 'stat' ? 4 : 8);

/** From left to right and from top to bottom, each row below the one before. */
export function place(rows: readonly Row[]): Placed[] {
  const placed: Placed[] = [];
  let y = 0;
  for (const row of rows) {
    placed.push({ row, at: { x: 0, y, w: COLUMNS, h: 1 } });
    y += 1;
    let line = { x: 0, h: 0 };
    for (const panel of row.panels) {
      if (line.x + panel.width > COLUMNS) {
        y += line.h;
        line = { x: 0, h: 0 };
      }
      const h = heightOf(panel);
      placed.push({ panel, at: { x: line.x, y, w: panel.width, h } });
      line = { x: line.x + panel.width, h: Math.max(line.h, h) };
    }
    y += line.h;
  }
  return placed;
}
