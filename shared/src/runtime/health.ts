import type { Socket } from 'node:net';
import { hostname } from 'node:os';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** Each thing a process needs, by name: resolves to whether it is there; a sentence says that it is not, and why. */
export type Checks = Readonly<Record<string, () => boolean | string | Promise<boolean>>>;

export interface Readiness {
  readonly ready: boolean;
  /** The names of what is not there. */
  readonly missing: readonly string[];
  /** Of those that can tell. */
  readonly why?: Readonly<Record<string, string>>;
}

const STARTING: Checks = { started: () => false };
const CHECK_TIMEOUT_MS = 1_000;
/** For the bytes of files that are under way. */
const CLOSE_WITHIN_MS = 8_000;

/**
 * Asks all checks side by side; one that throws or takes more than a second counts as missing. Of `/readyz?exclude=<name>`,
 * which may be repeated, those named are left out: for whoever shares out traffic, and has it go on without them.
 */
export async function readiness(checks: Checks, query = ''): Promise<Readiness> {
  const excluded = new URLSearchParams(query).getAll('exclude');
  const asked = Object.entries(checks).filter(([name]) => !excluded.includes(name));
  const answers = await Promise.all(asked.map(async ([name, check]) => ({ name, state: await ask(check) })));
  const missing = answers.filter(({ state }) => state !== true);
  const why = missing.flatMap(({ name, state }) => (typeof state === 'string' ? [[name, state] as const] : []));
  return { ready: missing.length === 0, missing: missing.map(({ name }) => name), ...(why.length === 0 ? {} : { why: Object.fromEntries(why) }) };
}

async function ask(check: Checks[string]): Promise<boolean | string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => { timer = setTimeout(() => { resolve(false); }, CHECK_TIMEOUT_MS); });
  try {
    return await Promise.race([Promise.resolve().then(check), late]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

/** Another route of the internal server; answers true when it took the request. */
export type InternalRoute = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * The internal HTTP server of a service. `/livez` answers whenever the event loop turns; `/readyz` answers 200 only while
 * the process can really serve, and names what is missing.
 */
export class InternalServer {
  readonly #server: Server;
  /** Connections that have not asked anything: a server does not close them by itself. */
  readonly #silent = new Set<Socket>();
  readonly #host: string;
  #checks: Checks = STARTING;
  #routes: InternalRoute[] = [];

  private constructor(host: string) {
    this.#host = host;
    this.#server = createServer((request, response) => {
      this.#silent.delete(request.socket);
      this.#answer(request, response);
    });
    this.#server.on('connection', (socket) => {
      this.#silent.add(socket);
      socket.once('close', () => { this.#silent.delete(socket); });
    });
  }

  static async listen(host: string, port: number): Promise<InternalServer> {
    const internal = new InternalServer(host);
    await new Promise<void>((resolve, reject) => {
      internal.#server.once('error', reject).listen(port, host, resolve);
    });
    return internal;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Where others reach it: by this machine's name when it listens on every address. */
  get url(): string {
    return `http://${this.#host === '0.0.0.0' ? hostname() : this.#host}:${this.port}`;
  }

  /** Not ready, since something is in its way, or because it is not yet told what to check. */
  readonly waits = (obstacle: { readonly what: string; readonly why: string } | undefined): void => {
    this.#checks = obstacle === undefined ? STARTING : { [obstacle.what]: () => obstacle.why };
  };

  /** From now on ready when these are. */
  serve(checks: Checks, routes: InternalRoute[] = []): void {
    this.#checks = checks;
    this.#routes = routes;
  }

  /** Not ready any more, whatever the checks say. */
  withdraw(): void {
    this.#checks = { stopping: () => false };
  }

  async close(): Promise<void> {
    for (const socket of this.#silent) socket.destroy();
    const timer = setTimeout(() => { this.#server.closeAllConnections(); }, CLOSE_WITHIN_MS);
    await new Promise<void>((resolve) => {
      this.#server.close(() => { resolve(); });
      this.#server.closeIdleConnections();
    });
    clearTimeout(timer);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    markUnanswered(response);
    const [path, query] = (request.url ?? '').split('?');
    if (path === '/livez') sendJson(response, 200, { live: true });
    else if (path === '/readyz') void readiness(this.#checks, query).then((state) => { sendJson(response, state.ready ? 200 : 503, state); });
    else if (!this.#routes.some((route) => route(request, response))) sendJson(response, 404, { error: 'not found' });
  }
}

/** Nobody was answered: who counts answers by their status must not take that for 200. As nginx has it, "client closed request". */
export function markUnanswered(response: ServerResponse): void {
  response.prependOnceListener('close', () => { if (!response.headersSent) response.statusCode = 499; });
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify(body));
}
