import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { answer, json, type Answer } from './answers.ts';
import { contentSecurityPolicy } from './page.ts';
import { Refusal } from './refusal.ts';
import { TraceStore } from './trace-store.ts';

export interface TracePage {
  url: string;
  port: number;
  store: TraceStore;
  stop(): Promise<void>;
}

/** On this machine only: nobody is asked who they are. Port 0 chooses one. */
export async function startTracePage({ port }: { port: number }): Promise<TracePage> {
  const store = new TraceStore();
  const server = createServer((request, response) => { void respond(request, response, store); });
  await new Promise<void>((resolve, reject) => { server.once('error', reject).listen(port, '127.0.0.1', resolve); });
  const listening = portOf(server);
  return { url: `http://localhost:${String(listening)}`, port: listening, store, stop: () => close(server) };
}

async function respond(request: IncomingMessage, response: ServerResponse, store: TraceStore): Promise<void> {
  const { status, type, body, location } = isForUs(request) ? await answer(request, store).catch(refused) : json(403, { error: 'Ask for localhost.' });
  response.writeHead(status, {
    'content-type': type,
    'content-security-policy': contentSecurityPolicy,
    'cache-control': 'no-store',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    ...(location === undefined ? {} : { location }),
  }).end(body);
}

/** A name that somebody else's DNS points at this machine is not ours: its pages would read what is here. */
const isForUs = ({ headers }: IncomingMessage): boolean => /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i.test(headers.host ?? '');

function refused(error: unknown): Answer {
  if (error instanceof Refusal) return json(error.status, { error: error.message });
  return json(500, { error: error instanceof Error ? error.message : String(error) });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const close = (server: Server): Promise<void> => new Promise((resolve) => {
  server.close(() => { resolve(); });
  server.closeAllConnections();
});
