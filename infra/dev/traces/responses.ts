import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { parseJson } from '../json.ts';
import { readBody } from './body.ts';
import { passes, readFilter } from './filter.ts';
import { listPage } from './list-page.ts';
import { readExport } from './otlp.ts';
import { messagePage } from './page.ts';
import { Refusal } from './refusal.ts';
import { tracePage } from './trace-page.ts';
import type { TraceStore } from './trace-store.ts';

export interface PageResponse {
  status: number;
  type: 'application/json' | 'text/html; charset=utf-8';
  body: string;
  location?: string;
}

export const MAX_BODY_BYTES = 16 * 1_024 * 1_024;

/** Handles an HTTP request. Throws a Refusal for an invalid one. */
export async function respondTo(request: IncomingMessage, store: TraceStore): Promise<PageResponse> {
  const url = URL.parse(request.url ?? '/', 'http://localhost');
  if (url === null) throw new Refusal(400, 'The URL is not valid.');
  const { pathname, searchParams } = url;
  const isExport = pathname === '/v1/traces';
  const methods = isExport ? ['POST'] : ['GET', 'HEAD'];
  if (!methods.includes(request.method ?? ''))
    throw new Refusal(405, `${pathname} accepts ${methods.join(' and ')}.`);
  if (isExport) return receive(request, store);
  if (pathname === '/') return list(searchParams, store);
  if (pathname === '/api/traces') return json(200, summaries(searchParams, store));
  if (pathname === '/livez' || pathname === '/readyz') return json(200, { ready: true });
  const [, api, traceId = ''] = /^(\/api)?\/traces\/([0-9a-f]{32})$/i.exec(pathname) ?? [];
  if (traceId === '') throw new Refusal(404, 'This page does not exist.');
  return (api === undefined ? single : singleAsJson)(traceId.toLowerCase(), store);
}

async function receive(request: IncomingMessage, store: TraceStore): Promise<PageResponse> {
  // Also keeps out web pages of other origins: a browser sends a preflight before cross-origin JSON.
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
    throw new Refusal(415, 'This page accepts only OTLP as JSON: set OTEL_EXPORTER_OTLP_PROTOCOL=http/json.');
  }
  const document = parseJson((await readBody(request, MAX_BODY_BYTES)).toString('utf8'));
  const { spans, rejected } = readRequest(document);
  store.add(spans);
  return json(
    200,
    rejected === 0
      ? {}
      : {
          partialSuccess: { rejectedSpans: String(rejected), errorMessage: 'no trace id, span id or start' },
        },
  );
}

function readRequest(document: unknown): ReturnType<typeof readExport> {
  try {
    return readExport(document);
  } catch (error) {
    if (error instanceof z.ZodError)
      throw new Refusal(400, `The body is not an OTLP export request.\n${z.prettifyError(error)}`);
    throw error;
  }
}

function list(query: URLSearchParams, store: TraceStore): PageResponse {
  const filter = readFilter(query);
  const asId = filter.text.toLowerCase();
  if (store.has(asId)) return { ...page(303, ''), location: `/traces/${asId}` };
  return page(200, listPage({ traces: summaries(query, store), query, filter }));
}

function summaries(query: URLSearchParams, store: TraceStore) {
  const filter = readFilter(query);
  return store.list((spans) => passes(filter, spans));
}

function single(traceId: string, store: TraceStore): PageResponse {
  const body = tracePage(store.get(traceId), store.linked(traceId));
  if (body === undefined)
    return page(
      404,
      messagePage(
        'Trace not found',
        'It has not arrived yet, was not sampled, or is older than the traces in memory.',
      ),
    );
  return page(200, body);
}

const singleAsJson = (traceId: string, store: TraceStore): PageResponse =>
  store.has(traceId) ? json(200, store.get(traceId)) : json(404, { error: 'trace not found' });

const page = (status: number, body: string): PageResponse => ({
  status,
  type: 'text/html; charset=utf-8',
  body,
});

export const json = (status: number, value: unknown): PageResponse => ({
  status,
  type: 'application/json',
  body: JSON.stringify(value),
});
