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

/** Tickets in URLs are as good as the secrets behind them. */
const TICKET = /^\/blobs\/.*/s;
const WITHOUT_TICKET = '/blobs/{ticket}';
const MAX_USER_AGENT = 200;

/** What libraries tell by OpenTelemetry's own means. */
export const instrumentations = ({ isEdge }: TelemetryOf, hasTraces: boolean): Instrumentation[] => [
  new RuntimeNodeInstrumentation(),
  new HttpInstrumentation({
    ignoreIncomingRequestHook: ({ url = '' }) => UNTRACED.test(url),
    disableOutgoingRequestInstrumentation: true,
    requestHook: (span, request) => {
      if (!isIncoming(request)) return;
      span.setAttributes(withoutTheirWords(request));
      if (isEdge) linkStranger(span, request);
    },
  }),
  ...(hasTraces ? [new PgInstrumentation({ requireParentSpan: true }), new UndiciInstrumentation({ requireParentforSpans: true, startSpanHook: hideTicketTo })] : []),
];

/** What the instrumentation takes from a request without asking: secrets in its URL, ids, whatever its headers claim. The route is named later. */
const withoutTheirWords = ({ headers, socket, url = '' }: IncomingMessage): Attributes => ({
  'url.path': TICKET.test(url) ? WITHOUT_TICKET : '',
  'url.query': '',
  'user_agent.original': headers['user-agent']?.slice(0, MAX_USER_AGENT) ?? '',
  'client.address': socket.remoteAddress ?? '',
  'server.address': socket.localAddress ?? '',
});

function linkStranger(span: Span, { headers }: IncomingMessage): void {
  const stranger = readTraceparent(headers['traceparent']);
  if (stranger !== undefined) span.addLink({ context: { traceId: stranger.traceId, spanId: stranger.spanId, traceFlags: 0, isRemote: true } });
}

const hideTicketTo = ({ origin, path }: { origin: string; path: string }): Attributes =>
  TICKET.test(path) ? { 'url.full': `${origin}${WITHOUT_TICKET}`, 'url.path': WITHOUT_TICKET } : {};

const isIncoming = (request: object): request is IncomingMessage => 'headers' in request;
