import type { Filter } from './filter.ts';
import { counted, duration, isoTime, timeOfDay } from './format.ts';
import { html, type Html } from './html.ts';
import { documentOf } from './page.ts';
import { serviceMark } from './service-mark.ts';
import type { TraceSummary } from './summary.ts';

export interface List {
  /** The traces that match the filter. */
  traces: readonly TraceSummary[];
  /** The query string without the question mark. */
  query: URLSearchParams;
  filter: Filter;
}

/** The page with the list of traces, newest first. */
export function listPage({ traces, query, filter }: List): string {
  const live = !query.has('paused');
  const content = html`<div id="live">
<div class="bar"><span>${counted(traces.length, 'trace')}${isNarrow(filter) ? html` · <a href="/">show all</a>` : undefined}</span>${liveSwitch(query, live)}</div>
<div class="panel">${traces.length === 0 ? nothingHere(filter) : table(traces)}</div>
</div>`;
  return documentOf({ title: 'Traces · Switchboard', filter, content, live });
}

const isNarrow = ({ text, minMs, errorsOnly }: Filter): boolean => text !== '' || minMs > 0 || errorsOnly;

function liveSwitch(query: URLSearchParams, live: boolean): Html {
  const other = new URLSearchParams(query);
  if (live) other.set('paused', '');
  else other.delete('paused');
  return html`<a class="live ${live ? '' : 'off'}" href="/?${other.toString()}">${live ? 'live, every 2 s · pause' : 'paused · go on'}</a>`;
}

const nothingHere = (filter: Filter): Html =>
  html`<p class="empty">${isNarrow(filter) ? 'No trace matches this filter.' : 'No trace yet. Send a message: its trace appears here a few seconds later.'}</p>`;

const table = (traces: readonly TraceSummary[]): Html => html`<table>
<thead><tr><th>Time</th><th>Trace</th><th>Services</th><th class="n">Spans</th><th class="n">Duration</th></tr></thead>
<tbody>${traces.map(row)}</tbody>
</table>`;

const row = ({ traceId, name, services, spans, startMs, durationMs, error }: TraceSummary): Html => html`<tr>
<td class="muted"><time datetime="${isoTime(startMs)}" title="${isoTime(startMs)}">${timeOfDay(startMs)}</time></td>
<td class="name"><a href="/traces/${traceId}">${name}</a>${error === undefined ? undefined : html`<span class="tag bad" title="${error}">${error}</span>`}</td>
<td>${services.map(serviceMark)}</td>
<td class="n">${spans}</td>
<td class="n">${duration(durationMs)}</td>
</tr>
`;
