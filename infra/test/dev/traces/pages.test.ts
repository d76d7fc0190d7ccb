import { describe, expect, it } from '@jest/globals';
import { readFilter } from '../../../dev/traces/filter.ts';
import { html } from '../../../dev/traces/html.ts';
import { listPage } from '../../../dev/traces/list-page.ts';
import { linkTo, sampleSpan, spanId, traceId } from './sample.ts';
import type { TraceSpan } from '../../../dev/traces/span.ts';
import { TraceStore } from '../../../dev/traces/trace-store.ts';
import { tracePage } from '../../../dev/traces/trace-page.ts';

const hostile = `</title></style>"><script>alert('1')</script><img src=x onerror=alert(2)>&amp;`;

function pageOf(digit: string, ...spans: TraceSpan[]): string {
  const store = new TraceStore();
  store.add(spans);
  return tracePage(store.get(traceId(digit)), store.linked(traceId(digit))) ?? '';
}

function listOf(query: string, ...spans: TraceSpan[]): string {
  const store = new TraceStore();
  store.add(spans);
  const given = new URLSearchParams(query);
  return listPage({ traces: store.list(), query: given, filter: readFilter(given) });
}

describe('markup', () => {
  it('escapes inserted values once, also in attributes and lists', () => {
    const inner = html`<b title="${`"'<>&`}">${['<', html`<i>`, 3, undefined]}</b>`;
    expect(html`<p>${inner}</p>`.markup).toBe('<p><b title="&#34;&#39;&#60;&#62;&#38;">&#60;<i>3</b></p>');
  });
});

describe('a page', () => {
  const span = sampleSpan('1', '1', {
    name: hostile,
    service: hostile,
    instance: hostile,
    scope: hostile,
    error: hostile,
    attributes: { [hostile]: hostile, list: [hostile] },
  });
  const linked = sampleSpan('2', '1', { name: hostile, links: [linkTo('1')] });

  it.each([
    ['of a trace', pageOf('1', span, linked)],
    [
      'with all traces',
      listOf(
        new URLSearchParams({ q: hostile, min: hostile, paused: hostile, [hostile]: hostile }).toString(),
        span,
        linked,
      ),
    ],
  ])('%s escapes hostile text', (_, page) => {
    expect(page).toContain('&#60;img src=x onerror=alert(2)&#62;&#38;amp;');
    expect(page).not.toMatch(/<img|<script|alert\('1'\)/);
    expect(page.match(/<\/style>/g)).toHaveLength(1);
  });

  it('with all traces refreshes itself unless it is paused', () => {
    expect(listOf('')).toContain('http-equiv="refresh" content="2"');
    expect(listOf('paused')).not.toMatch(/refresh|<script/);
  });

  it('with all traces keeps the filter when it is paused, and in the form', () => {
    const page = listOf('q=chat.id&min=5&errors=on', sampleSpan('1', '1'));
    expect(page).toContain('href="/?q=chat.id&#38;min=5&#38;errors=on&#38;paused="');
    expect(page).toMatch(
      /name="q" value="chat\.id".*\n.*name="min"[^>]*value="5".*\n.*name="errors" checked/,
    );
  });

  it('with all traces shows root, services, spans, duration and error', () => {
    const page = listOf(
      '',
      sampleSpan('1', '1', { name: 'sendMessage' }),
      sampleSpan('1', '2', {
        service: 'message-service',
        parentSpanId: spanId('1'),
        durationMs: 20,
        error: 'CHAT_CLOSED',
      }),
    );
    for (const part of [
      `<a href="/traces/${traceId('1')}">sendMessage</a>`,
      '>CHAT_CLOSED</span>',
      '</i>gateway</span>',
      '</i>message-service</span>',
      '<td class="n">2</td>',
      '<td class="n">21.0 ms</td>',
      '1 trace<',
    ])
      expect(page).toContain(part);
  });

  it('of a trace draws each span at its time', () => {
    const page = pageOf(
      '1',
      sampleSpan('1', '1', { startMs: 100, durationMs: 40 }),
      sampleSpan('1', '2', { startMs: 110, durationMs: 20, parentSpanId: spanId('1'), error: 'late' }),
    );
    expect(page).toMatch(/x="0\.000%" width="100\.000%"/);
    expect(page).toMatch(/<rect class="bad" x="25\.000%" width="50\.000%"/);
    expect(page).toContain('+10.0 ms');
    expect(page).not.toContain('parent not here');
  });

  it('of a trace marks a span whose parent is missing', () => {
    expect(pageOf('1', sampleSpan('1', '2', { parentSpanId: spanId('1') }))).toContain('parent not here');
  });

  it('of a trace with the duration 0 is drawn', () => {
    expect(pageOf('1', sampleSpan('1', '1', { durationMs: 0 }))).not.toContain('NaN');
  });

  it('of a trace shows its linked traces below it', () => {
    const message = sampleSpan('1', '1', { name: 'sendMessage', links: [linkTo('2'), linkTo('3')] });
    const commit = [
      sampleSpan('2', '1', { name: 'commit sends', startMs: 4 }),
      sampleSpan('2', '2', { name: 'COMMIT', startMs: 6, parentSpanId: spanId('1') }),
    ];
    const page = pageOf('1', message, ...commit);
    expect(page).toMatch(
      /<h1>sendMessage[^]*<h2><a href="\/traces\/2{32}">commit sends[^]*linked from the trace above[^]*began 3\.00 ms after it[^]*COMMIT/,
    );
    expect(page).toContain('A trace that is not here');
    expect(pageOf('2', message, ...commit)).toMatch(
      /<h1>commit sends[^]*sendMessage[^]*links to the trace above[^]*began 3\.00 ms before it/,
    );
  });

  it('of a trace shows the first 12 linked traces, and counts the rest', () => {
    const many = Array.from({ length: 15 }, (_, index) =>
      sampleSpan('1', '1', { traceId: index.toString(16).padStart(32, 'f'), links: [linkTo('1')] }),
    );
    const page = pageOf('1', sampleSpan('1', '1'), ...many);
    expect(page.match(/<h2>/g)).toHaveLength(12);
    expect(page).toContain('And 3 more linked traces.');
  });
});
