import { waitFor } from '../helpers/index.ts';
import type { TraceSpan } from '../../dev/traces/span.ts';
import type { TraceStore } from '../../dev/traces/trace-store.ts';

// A pool opens connections now and then; they belong to no request.
const isConnecting = ({ name }: TraceSpan): boolean =>
  name.startsWith('pg.connect') || name.startsWith('pg-pool.connect');

/**
 * A trace as lines, each below its parent: `  consumer gateway-2 process room.{chatId}.message sockets=1`.
 * Siblings are sorted by line, except statements, which keep their order. A span without its parent is
 * marked.
 */
export function treeOf(spans: readonly TraceSpan[]): string[] {
  const shown = spans.filter((span) => !isConnecting(span));
  const ids = new Set(shown.map(({ spanId }) => spanId));
  const below = (parent: string | undefined, depth: number): string[] =>
    inOrder(shown.filter(({ parentSpanId }) => parentSpanId === parent)).flatMap((span) => [
      `${'  '.repeat(depth)}${lineOf(span)}`,
      ...below(span.spanId, depth + 1),
    ]);
  const orphans = shown.filter(({ parentSpanId }) => parentSpanId !== undefined && !ids.has(parentSpanId));
  return [...below(undefined, 0), ...orphans.map((span) => `without its parent: ${lineOf(span)}`)];
}

/** Waits until a trace has these lines; fails with its current lines. */
export async function expectTree(
  store: TraceStore,
  traceId: string | undefined,
  expected: readonly string[],
): Promise<TraceSpan[]> {
  const now = () => treeOf(store.get(traceId ?? ''));
  await waitFor(() => now().join('\n') === expected.join('\n'), {
    what: 'the trace',
    timeoutMs: 6_000,
  }).catch(() => {
    throw new Error(`the trace is\n${now().join('\n')}\nand not\n${expected.join('\n')}`);
  });
  return store.get(traceId ?? '');
}

function inOrder(siblings: readonly TraceSpan[]): TraceSpan[] {
  const isStatement = ({ scope }: TraceSpan): boolean => scope.endsWith('instrumentation-pg');
  const others = siblings
    .filter((span) => !isStatement(span))
    .toSorted((a, b) => (lineOf(a) < lineOf(b) ? -1 : 1));
  return [...siblings.filter(isStatement), ...others];
}

function lineOf({ kind, instance, name, attributes, error }: TraceSpan): string {
  const sockets = attributes['switchboard.sockets'];
  return [
    kind,
    instance,
    name,
    ...(typeof sockets === 'number' ? [`sockets=${sockets}`] : []),
    ...(error === undefined ? [] : [error]),
  ].join(' ');
}
