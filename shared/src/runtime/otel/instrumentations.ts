import type { IncomingMessage } from 'node:http';
import type { Attributes, Span } from '@opentelemetry/api';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { RuntimeNodeInstrumentation } from '@opentelemetry/instrumentation-runtime-node';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { readTraceparent } from '../../telemetry/index.ts';
import type { ProcessIdentity } from './telemetry.ts';

/** Probes, scrapes and Socket.IO's polling: frequent, and no user's request. */
const UNTRACED = /^\/(livez|readyz|metrics|socket\.io)([/?]|$)/;

/** Tickets in URLs are secrets. */
const TICKET = /^\/blobs\/.*/s;
const WITHOUT_TICKET = '/blobs/{ticket}';
const MAX_USER_AGENT = 200;

/** OpenTelemetry's instrumentations of libraries. */
export const instrumentations = ({ isEdge }: ProcessIdentity, hasTraces: boolean): Instrumentation[] => [
  new RuntimeNodeInstrumentation(),
  new HttpInstrumentation({
    ignoreIncomingRequestHook: ({ url = '' }) => UNTRACED.test(url),
    disableOutgoingRequestInstrumentation: true,
    requestHook: (span, request) => {
      if (!isIncoming(request)) return;
      span.setAttributes(safeAttributesOf(request));
      if (isEdge) linkForeignTrace(span, request);
    },
  }),
  ...(hasTraces
    ? [
        new PgInstrumentation({ requireParentSpan: true }),
        new UndiciInstrumentation({ requireParentforSpans: true, startSpanHook: hideTicket }),
      ]
    : []),
];

/**
 * Replaces the attributes that the instrumentation copies from a request: secrets and ids in the URL, and
 * unchecked headers. `nameRoute` sets the route later.
 */
const safeAttributesOf = ({ headers, socket, url = '' }: IncomingMessage): Attributes => ({
  'url.path': TICKET.test(url) ? WITHOUT_TICKET : '',
  'url.query': '',
  'user_agent.original': headers['user-agent']?.slice(0, MAX_USER_AGENT) ?? '',
  'client.address': socket.remoteAddress ?? '',
  'server.address': socket.localAddress ?? '',
});

function linkForeignTrace(span: Span, { headers }: IncomingMessage): void {
  const foreign = readTraceparent(headers['traceparent']);
  if (foreign !== undefined)
    span.addLink({
      context: { traceId: foreign.traceId, spanId: foreign.spanId, traceFlags: 0, isRemote: true },
    });
}

const hideTicket = ({ origin, path }: { origin: string; path: string }): Attributes =>
  TICKET.test(path) ? { 'url.full': `${origin}${WITHOUT_TICKET}`, 'url.path': WITHOUT_TICKET } : {};

const isIncoming = (request: object): request is IncomingMessage => 'headers' in request;
