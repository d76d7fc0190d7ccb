import { byStart, type TraceSpan } from './span.ts';

export interface Row {
  span: TraceSpan;
  /** 0 for a root. */
  depth: number;
  /** Whether its parent has not arrived. */
  parentMissing: boolean;
}

/**
 * The spans of a trace as a tree, depth first, siblings by start, real roots before spans without their
 * parent. Each span appears once, even if parents form a cycle.
 */
export function waterfall(spans: readonly TraceSpan[]): Row[] {
  const sorted = [...spans].sort(byStart);
  const here = new Set(sorted.map(({ spanId }) => spanId));
  const children = Map.groupBy(sorted, ({ parentSpanId }) => parentSpanId);
  const orphans = sorted.filter(({ parentSpanId }) => parentSpanId !== undefined && !here.has(parentSpanId));

  const rows: Row[] = [];
  const placed = new Set<string>();
  const place = (root: TraceSpan, parentMissing: boolean): void => {
    const waiting: Row[] = [{ span: root, depth: 0, parentMissing }];
    for (let row = waiting.pop(); row !== undefined; row = waiting.pop()) {
      const { span, depth } = row;
      if (placed.has(span.spanId)) continue;
      placed.add(span.spanId);
      rows.push(row);
      const below = children.get(span.spanId) ?? [];
      waiting.push(
        ...below.map((child) => ({ span: child, depth: depth + 1, parentMissing: false })).reverse(),
      );
    }
  };
  for (const root of children.get(undefined) ?? []) place(root, false);
  for (const orphan of orphans) place(orphan, true);
  for (const inCircle of sorted) place(inCircle, false);
  return rows;
}
