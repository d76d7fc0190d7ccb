import type { Socket } from 'node:net';
import { hostname } from 'node:os';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { listenError } from './listen-error.ts';

/** A check per dependency, by name: true when it is available, false or a sentence that says why when not. */
export type Checks = Readonly<Record<string, () => boolean | string | Promise<boolean>>>;

export interface Readiness {
  readonly ready: boolean;
  /** The names of the dependencies that are not available. */
  readonly missing: readonly string[];
  /** Why, for the checks that returned a sentence. */
  readonly why?: Readonly<Record<string, string>>;
  /** The optional dependencies that are not available, and why: the process serves the rest without them. */
  readonly degraded?: Readonly<Record<string, string>>;
}

const STARTING: Checks = { started: () => false };
const STOPPING: Checks = { stopping: () => false };
const CHECK_TIMEOUT_MS = 1_000;
/** Lets transfers of files finish. */
const CLOSE_WITHIN_MS = 8_000;

/**
 * Runs all checks in parallel. A check that throws or takes more than a second counts as missing.
 * `/readyz?exclude=<name>`, which may be repeated, leaves checks out: for a load balancer that sends traffic
 * without these dependencies.
 */
export async function readiness(checks: Checks, query = '', optional: Checks = {}): Promise<Readiness> {
  const excluded = new URLSearchParams(query).getAll('exclude');
  const included = Object.entries(checks).filter(([name]) => !excluded.includes(name));
  const [missing, without] = await Promise.all([failing(included), failing(Object.entries(optional))]);
  const why = missing.flatMap(({ name, state }) =>
    typeof state === 'string' ? [[name, state] as const] : [],
  );
  return {
    ready: missing.length === 0,
    missing: missing.map(({ name }) => name),
    ...(why.length === 0 ? {} : { why: Object.fromEntries(why) }),
    ...(without.length === 0 ? {} : { degraded: Object.fromEntries(without.map(reasonOf)) }),
  };
}

interface Outcome {
  readonly name: string;
  readonly state: boolean | string;
}

/** The checks that do not pass. */
async function failing(checks: readonly (readonly [string, Checks[string]])[]): Promise<Outcome[]> {
  const outcomes = await Promise.all(
    checks.map(async ([name, check]) => ({ name, state: await runCheck(check) })),
  );
  return outcomes.filter(({ state }) => state !== true);
}

const reasonOf = ({ name, state }: Outcome): [string, string] => [
  name,
  typeof state === 'string' ? state : 'it is not available',
];

async function runCheck(check: Checks[string]): Promise<boolean | string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => {
      resolve(false);
    }, CHECK_TIMEOUT_MS);
  });
  try {
    return await Promise.race([Promise.resolve().then(check), late]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

/** Another route of the internal server. Returns whether it handles the request. */
export type InternalRoute = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * The internal HTTP server of a service. `/livez` replies while the event loop runs. `/readyz` replies 200
 * only while the process can serve, and names the missing dependencies otherwise.
 */
export class InternalServer {
  readonly #server: Server;
  /** Connections without a request so far: `Server.close` does not end them. */
  readonly #unused = new Set<Socket>();
  readonly #host: string;
  #checks: Checks = STARTING;
  #optional: Checks = {};
  #routes: InternalRoute[] = [];

  private constructor(host: string) {
    this.#host = host;
    this.#server = createServer((request, response) => {
      this.#unused.delete(request.socket);
      this.#handle(request, response);
    });
    this.#server.on('connection', (socket) => {
      this.#unused.add(socket);
      socket.once('close', () => {
        this.#unused.delete(socket);
      });
    });
  }

  static async listen(host: string, port: number): Promise<InternalServer> {
    const internal = new InternalServer(host);
    await new Promise<void>((resolve, reject) => {
      const variables = { host: 'INTERNAL_HOST', port: 'INTERNAL_PORT' };
      internal.#server
        .once('error', (error) => {
          reject(listenError(error, { host, port, variables }));
        })
        .listen(port, host, resolve);
    });
    return internal;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** The URL for other processes: with this machine's name when the server listens on every address. */
  get url(): string {
    return `http://${this.#host === '0.0.0.0' ? hostname() : this.#host}:${this.port}`;
  }

  /** Not ready because of an obstacle. Undefined: because the process is still starting. */
  readonly waits = (obstacle: { readonly what: string; readonly why: string } | undefined): void => {
    this.#checks = obstacle === undefined ? STARTING : { [obstacle.what]: () => obstacle.why };
  };

  /** From now on ready while all checks pass. `optional`: named in the reply, which stays 200. */
  serve(checks: Checks, routes: InternalRoute[] = [], optional: Checks = {}): void {
    this.#checks = checks;
    this.#routes = routes;
    this.#optional = optional;
  }

  /** Not ready any more, regardless of the checks. */
  withdraw(): void {
    this.#checks = STOPPING;
  }

  async close(): Promise<void> {
    for (const socket of this.#unused) socket.destroy();
    const timer = setTimeout(() => {
      this.#server.closeAllConnections();
    }, CLOSE_WITHIN_MS);
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
      this.#server.closeIdleConnections();
    });
    clearTimeout(timer);
  }

  /** `/readyz?stopping=404`: for HAProxy, which then sends nothing new and leaves the open sessions alone. */
  #statusWhenNotReady(query = ''): number {
    return this.#checks === STOPPING && new URLSearchParams(query).get('stopping') === '404' ? 404 : 503;
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    markUnanswered(response);
    const [path, query] = (request.url ?? '').split('?');
    if (path === '/livez') sendJson(response, 200, { live: true });
    else if (path === '/readyz')
      void readiness(this.#checks, query, this.#optional).then((state) => {
        sendJson(response, state.ready ? 200 : this.#statusWhenNotReady(query), state);
      });
    else if (!this.#routes.some((route) => route(request, response)))
      sendJson(response, 404, { error: 'not found' });
  }
}

/**
 * Sets status 499, "client closed request" in nginx, when the client disconnects before the response: metrics
 * by status must not count it as 200.
 */
export function markUnanswered(response: ServerResponse): void {
  response.prependOnceListener('close', () => {
    if (!response.headersSent) response.statusCode = 499;
  });
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response
    .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(JSON.stringify(body));
}
