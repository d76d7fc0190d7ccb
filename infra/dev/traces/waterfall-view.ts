import { duration, isoTime } from './format.ts';
import { html, type Html } from './html.ts';
import { colourOf } from './service-mark.ts';
import { attributeText, type TraceSpan } from './span.ts';
import type { TraceSummary } from './summary.ts';
import { waterfall, type Row } from './waterfall.ts';

const DEEPEST = 14;

/** Draws one bar per span on the trace's time axis; a span opens to show its attributes. */
export const waterfallView = (
  spans: readonly TraceSpan[],
  summary: TraceSummary,
): Html => html`<div class="panel">
<div class="grid axis"><span>Span</span><span class="ticks"><span>0</span>${[0.25, 0.5, 0.75].map((part) => html`<span>${duration(summary.durationMs * part)}</span>`)}</span><span class="n offset">Start</span><span class="n">Duration</span></div>
${waterfall(spans).map((row) => rowView(row, summary))}</div>`;

const rowView = (
  { span, depth, parentMissing }: Row,
  summary: TraceSummary,
): Html => html`<details class="row" id="${span.spanId}">
<summary class="grid"><span class="what">${Array.from({ length: Math.min(depth, DEEPEST) }, () => html`<i></i>`)}<div>${title(span, parentMissing)}${origin(span)}</div></span>
<span class="lane">${bar(span, summary)}</span>
<span class="n offset muted">+${duration(span.startMs - summary.startMs)}</span><span class="n">${duration(span.durationMs)}</span></summary>
<div class="inside">${facts(span)}</div>
</details>
`;

const title = ({ name, error }: TraceSpan, parentMissing: boolean): Html =>
  html`<b class="${error === undefined ? '' : 'bad'}" title="${name}">${name}${parentMissing ? html` <span class="tag">parent not here</span>` : undefined}${error === undefined ? undefined : html` <span class="tag bad" title="${error}">${error}</span>`}</b>`;

const origin = ({ service, instance, kind }: TraceSpan): Html =>
  html`<small><i class="${colourOf(service)}"></i>${placeName(service, instance)} · ${kind}</small>`;

/** Omits the service's name if the instance's name starts with it, as most do. */
const placeName = (service: string, instance: string): string =>
  instance.startsWith(service) ? instance : [service, instance].filter((name) => name !== '').join(' · ');

/** SVG, because the page's policy refuses inline styles, and SVG geometry needs none. */
function bar({ startMs, durationMs, service, error }: TraceSpan, summary: TraceSummary): Html {
  const percent = (ms: number): string =>
    (summary.durationMs > 0 ? (ms / summary.durationMs) * 100 : 0).toFixed(3);
  const lines = [0, 25, 50, 75, 100].map((x) => html`<line x1="${x}%" x2="${x}%" y1="0" y2="100%"/>`);
  return html`<svg aria-hidden="true">${lines}<rect class="${error === undefined ? colourOf(service) : 'bad'}" x="${percent(startMs - summary.startMs)}%" width="${percent(durationMs)}%" y="15" height="14" rx="2"/></svg>`;
}

function facts(span: TraceSpan): Html {
  const own: [string, string | Html | undefined][] = [
    ['error', span.error],
    ...Object.entries(span.attributes).map(([key, value]): [string, string] => [key, attributeText(value)]),
    ['span', `${span.spanId}${span.parentSpanId === undefined ? '' : ` in ${span.parentSpanId}`}`],
    ['started', isoTime(span.startMs)],
    ['written by', span.scope],
    ...span.links.map(({ traceId, spanId }): [string, Html] => [
      'link',
      html`<a href="/traces/${traceId}#${spanId}">${traceId} ${spanId}</a>`,
    ]),
  ];
  const known = own.filter(([, value]) => value !== undefined && value !== '');
  return html`<dl>${known.map(([key, value]) => html`<dt>${key}</dt><dd>${value}</dd>`)}</dl>`;
}
