import { counted, duration, isoTime, timeOfDay } from './format.ts';
import { html, type Html } from './html.ts';
import { pageWithoutFilter } from './page.ts';
import { serviceMark } from './service-mark.ts';
import type { TraceSpan } from './span.ts';
import { summaryOf, type TraceSummary } from './summary.ts';
import type { LinkedTrace } from './trace-store.ts';
import { waterfallView } from './waterfall-view.ts';

/** Hundreds of traces may share one transaction. */
const MOST_LINKED = 12;

/** The page of one trace, with its linked traces below. Returns undefined for no spans. */
export function tracePage(spans: readonly TraceSpan[], linked: readonly LinkedTrace[]): string | undefined {
  const summary = summaryOf(spans);
  if (summary === undefined) return undefined;
  const more = linked.length - MOST_LINKED;
  return pageWithoutFilter(
    `${summary.name} · Switchboard`,
    html`<h1>${summary.name}</h1>
${traceFacts(summary)}
${waterfallView(spans, summary)}
${linked.slice(0, MOST_LINKED).map((one) => linkedView(one, summary))}
${more > 0 ? html`<p class="muted">And ${counted(more, 'more linked trace')}.</p>` : undefined}`,
  );
}

const traceFacts = ({
  traceId,
  startMs,
  durationMs,
  spans,
  services,
  error,
}: TraceSummary): Html => html`<p class="facts">
<span><time datetime="${isoTime(startMs)}" title="${isoTime(startMs)}">${timeOfDay(startMs)}</time></span><span>${duration(durationMs)}</span><span>${counted(spans, 'span')}</span>
<span>${services.map(serviceMark)}</span>${error === undefined ? undefined : html`<span class="tag bad">${error}</span>`}<span class="id">${traceId}</span></p>`;

function linkedView({ traceId, direction, links, spans }: LinkedTrace, ours: TraceSummary): Html {
  const summary = summaryOf(spans);
  const how = `${direction === 'to' ? 'linked from' : 'links to'} the trace above${links > 1 ? `, ${String(links)} times` : ''}`;
  if (summary === undefined)
    return html`<section class="linked"><h2>A trace that is not here</h2><p class="facts"><span>${how}</span><span class="id">${traceId}</span></p></section>`;
  return html`<section class="linked"><h2><a href="/traces/${traceId}">${summary.name}</a></h2>
<p class="facts"><span>${how}</span><span>${offsetText(summary.startMs - ours.startMs)}</span><span>${duration(summary.durationMs)}</span><span>${counted(summary.spans, 'span')}</span><span class="id">${traceId}</span></p>
${waterfallView(spans, summary)}</section>`;
}

const offsetText = (ms: number): string =>
  ms < 0 ? `began ${duration(-ms)} before it` : `began ${duration(ms)} after it`;
