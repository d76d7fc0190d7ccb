import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { programOnPath } from '../../../dev/processes/on-path.ts';

export const chromiumProgram = programOnPath('chromium');

/** The client library as pages load it. */
const script = new URL('../../../../node_modules/socket.io-client/dist/socket.io.min.js', import.meta.url);

export interface Shop {
  /** The page's origin. */
  readonly origin: string;
  stop(): Promise<void>;
}

/** Serves a page that has the client library, as another company would. */
export async function startShop(hostname: string): Promise<Shop> {
  const library = await readFile(script);
  const server = createServer((request, response) => {
    if (request.url === '/socket.io.js') response.end(library);
    else
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<!doctype html><script src="/socket.io.js"></script>');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    origin: `http://${hostname}:${String(port)}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface StartedBrowser {
  readonly context: BrowserContext;
  stop(): Promise<void>;
}

/** Starts Chromium with a new profile, which blocks cookies of other sites, as Debian builds it. */
export async function launchBrowser(): Promise<StartedBrowser> {
  if (chromiumProgram === undefined) throw new Error('chromium is not installed');
  const profile = await mkdtemp(join(tmpdir(), 'switchboard-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: chromiumProgram,
    headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  return {
    context,
    async stop() {
      await context.close();
      // Chromium's other processes may still write.
      await rm(profile, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

export interface Visit {
  readonly url: string;
  readonly token: string;
  readonly options: { readonly withCredentials?: boolean; readonly transports?: readonly string[] };
}

/** What came of a visit: `connected`, or why not. */
export type Outcome = string;

/** Connects from a page, and waits until the client has upgraded or polled for a while. */
export const connectFrom = (page: Page, visit: Visit): Promise<Outcome> =>
  page.evaluate(`(${connectInPage.toString()})(${JSON.stringify(visit)})`);

/** Runs in the page: it may use nothing from here. */
function connectInPage({ url, token, options }: Visit): Promise<Outcome> {
  interface Socket {
    on(event: 'connect' | 'connect_error', run: (reason: { message: string }) => void): void;
    on(event: 'disconnect', run: (reason: string) => void): void;
    emitWithAck(event: string, payload: unknown): Promise<unknown>;
    close(): void;
    io: { engine: { transport: { name: string } } };
  }
  const { io } = globalThis as unknown as { io: (url: string, options: unknown) => Socket };
  const POLLS = 10;
  return new Promise((resolve) => {
    const socket = io(url, { auth: { token }, reconnection: false, forceNew: true, ...options });
    const end = (outcome: string) => {
      resolve(outcome);
      socket.close();
    };
    socket.on('connect_error', ({ message }) => {
      end(`refused: ${message}`);
    });
    socket.on('disconnect', (reason) => {
      end(`disconnected: ${reason}`);
    });
    socket.on('connect', () => {
      void (async () => {
        for (let poll = 0; poll < POLLS; poll++) await socket.emitWithAck('getActiveUsers', 'no-chat');
        end(`connected by ${socket.io.engine.transport.name}`);
      })();
    });
  });
}
