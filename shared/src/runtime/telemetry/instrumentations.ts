import type { IncomingMessage } from 'node:http';
import type { Attributes, Span } from '@opentelemetry/api';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { RuntimeNodeInstrumentation } from '@opentelemetry/instrumentation-runtime-node';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { readTraceparent } from '../../bus/index.ts';
import type { TelemetryOf } from './telemetry.ts';

/** Probes, scrapes and Socket.IO's polling: many, and none of them anybody's request. */
const UNTRACED = /^\/(livez|readyz|metrics|socket\.io)([/?]|$)/;

/** Tokens, signatures and tickets in URLs are as good as the secrets behind them. */
const SECRET_PARAMETERS = ['token', 'signature', 'expires'];
const TICKET = /^\/blobs\/.*/s;
const WITHOUT_TICKET = '/blobs/{ticket}';

/** What libraries tell by OpenTelemetry's own means. */
export const instrumentations = ({ isEdge }: TelemetryOf, hasTraces: boolean): Instrumentation[] => [
  new RuntimeNodeInstrumentation(),
  new HttpInstrumentation({
    ignoreIncomingRequestHook: ({ url = '' }) => UNTRACED.test(url),
    disableOutgoingRequestInstrumentation: true,
    redactedQueryParamsServer: SECRET_PARAMETERS,
    requestHook: isEdge ? linkStranger : hideTicket,
  }),
  ...(hasTraces ? [new PgInstrumentation({ requireParentSpan: true }), new UndiciInstrumentation({ requireParentforSpans: true, startSpanHook: hideTicketTo })] : []),
];

function linkStranger(span: Span, request: object): void {
  const stranger = isIncoming(request) ? readTraceparent(request.headers['traceparent']) : undefined;
  if (stranger !== undefined) span.addLink({ context: { traceId: stranger.traceId, spanId: stranger.spanId, traceFlags: 0, isRemote: true } });
}

function hideTicket(span: Span, request: object): void {
  if (isIncoming(request) && TICKET.test(request.url ?? '')) span.setAttribute('url.path', WITHOUT_TICKET);
}

const hideTicketTo = ({ origin, path }: { origin: string; path: string }): Attributes =>
  TICKET.test(path) ? { 'url.full': `${origin}${WITHOUT_TICKET}`, 'url.path': WITHOUT_TICKET } : {};

const isIncoming = (request: object): request is IncomingMessage => 'headers' in request;
