import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { json, respondTo, type PageResponse } from './responses.ts';
import { contentSecurityPolicy } from './page.ts';
import { Refusal } from './refusal.ts';
import { TraceStore } from './trace-store.ts';

export interface TracePage {
  url: string;
  port: number;
  store: TraceStore;
  stop(): Promise<void>;
}

/** Listens on localhost only, because it has no authentication. Port 0: the system chooses a port. */
export async function startTracePage({ port }: { port: number }): Promise<TracePage> {
  const store = new TraceStore();
  const server = createServer((request, response) => {
    void respond(request, response, store);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  const listening = portOf(server);
  return { url: `http://localhost:${String(listening)}`, port: listening, store, stop: () => close(server) };
}

async function respond(request: IncomingMessage, response: ServerResponse, store: TraceStore): Promise<void> {
  const { status, type, body, location } = isForUs(request)
    ? await respondTo(request, store).catch(errorResponse)
    : json(403, { error: 'The Host header must be localhost.' });
  response
    .writeHead(status, {
      'content-type': type,
      'content-security-policy': contentSecurityPolicy,
      'cache-control': 'no-store',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      ...(location === undefined ? {} : { location }),
    })
    .end(body);
}

/** Prevents DNS rebinding: a foreign name that resolves to this machine must not read the traces. */
const isForUs = ({ headers }: IncomingMessage): boolean =>
  /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i.test(headers.host ?? '');

function errorResponse(error: unknown): PageResponse {
  if (error instanceof Refusal) return json(error.status, { error: error.message });
  return json(500, { error: error instanceof Error ? error.message : String(error) });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
