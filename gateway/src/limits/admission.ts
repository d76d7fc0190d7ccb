import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import { Counts, observe } from '@switchboard/shared/bus';
import { rateOf, Tally, TokenBucket, TokenBuckets } from '@switchboard/shared/limits';
import type { Logger } from '@switchboard/shared/runtime';
import type { Config } from '../config.ts';
import type { ChatServer, ChatSocket } from '../sockets.ts';
import { addressOf, networkOf } from './address.ts';
import { insist } from './event-limits.ts';

const PATH = '/socket.io/';
const LOG_EVERY_MS = 10_000;

type Reason = 'origin' | 'rate' | 'address';

interface Refusal {
  readonly status: 400 | 403 | 405 | 429;
  /** As Engine.IO numbers them. https://socket.io/docs/v4/engine-io-protocol/ */
  readonly code: 2 | 3 | 4 | 5;
  readonly message: string;
  readonly reason?: Reason;
}

const NO_ORIGIN: Refusal = { status: 403, code: 4, message: 'Origin not allowed', reason: 'origin' };
const TOO_OFTEN: Refusal = { status: 429, code: 4, message: 'Too many connections', reason: 'rate' };
const TOO_MANY: Refusal = { status: 429, code: 4, message: 'Too many connections', reason: 'address' };
const NO_PROTOCOL: Refusal = { status: 400, code: 5, message: 'Unsupported protocol version' };
const NO_UPGRADE: Refusal = { status: 400, code: 3, message: 'Bad request' };
const NO_METHOD: Refusal = { status: 405, code: 2, message: 'Bad handshake method' };

const refused = new Counts('switchboard.gateway.refused_connections', '{connection}', 'Connections that were refused before anybody spoke', 'reason');

/**
 * Who may connect at all, by what is known before they say who they are. Judged once per request, before Engine.IO sees it:
 * what is refused is never upgraded, and so gets an answer over HTTP.
 */
export class Admission {
  readonly #origins: ReadonlySet<string> | 'any';
  readonly #hops: number;
  readonly #accepts: TokenBucket;
  readonly #addresses: TokenBuckets<string>;
  readonly #connections: Tally<string>;
  readonly #logger: Logger;
  readonly #judged = new WeakMap<IncomingMessage, Refusal | 'admitted'>();
  readonly #stopObserving: () => void;
  #isServing = false;
  #loggedAt = Number.NEGATIVE_INFINITY;

  constructor(config: Config, logger: Logger) {
    this.#origins = config.ALLOWED_ORIGINS;
    this.#hops = config.TRUSTED_PROXY_HOPS;
    this.#accepts = new TokenBucket(rateOf(config.RATE_LIMIT_CONNECTS));
    this.#addresses = new TokenBuckets(rateOf(config.RATE_LIMIT_ADDRESS));
    this.#connections = new Tally(config.MAX_CONNECTIONS_PER_ADDRESS);
    this.#logger = logger;
    for (const reason of ['origin', 'rate', 'address']) refused.add(0, reason);
    this.#stopObserving = observe('switchboard.gateway.addresses', '{address}', 'Addresses with a connection', () => [{ labels: {}, value: this.#connections.size }]);
  }

  stop(): void {
    this.#stopObserving();
  }

  /** Without a proxy every connection is its client's own, and counts before it has said a word. */
  watch(http: HttpServer): void {
    if (this.#hops > 0) return;
    http.on('connection', (socket) => {
      const address = networkOf(socket.remoteAddress ?? '');
      if (!this.#connections.add(address)) {
        this.#count('address', address);
        socket.destroy();
        return;
      }
      socket.once('close', () => { this.#connections.remove(address); });
    });
  }

  /** Whether Node upgrades a request. One that nobody would serve keeps its connection for ever: it is answered as a plain request. */
  readonly mayUpgrade = (request: IncomingMessage): boolean => this.#isServing && request.url?.startsWith(PATH) === true && this.#judge(request) === undefined;

  watchSessions(io: ChatServer): void {
    this.#isServing = true;
    io.engine.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
      const refusal = this.#judge(request);
      if (refusal === undefined) next();
      else answer(response, refusal);
    });
    if (this.#hops === 0) return;
    // Behind proxies a connection is theirs; what counts is who they speak for.
    io.engine.on('connection', (connection: ChatSocket['conn']) => {
      const address = addressOf(connection.request, this.#hops);
      if (this.#connections.add(address)) connection.once('close', () => { this.#connections.remove(address); });
    });
  }

  /** For a request to the API. Throws RATE_LIMITED. */
  takeRequest(request: IncomingMessage): void {
    insist(this.#addresses.take(addressOf(request, this.#hops)), 'address');
  }

  /** As CORS says it: for a page of `origin`; undefined where it may not call. */
  allowedOrigin(origin: string): string | undefined {
    if (this.#origins === 'any') return '*';
    return this.#origins.has(origin) ? origin : undefined;
  }

  #judge(request: IncomingMessage): Refusal | undefined {
    const judged = this.#judged.get(request) ?? this.#refusalOf(request) ?? 'admitted';
    if (judged !== 'admitted' && judged.reason !== undefined && !this.#judged.has(request)) this.#count(judged.reason, addressOf(request, this.#hops));
    this.#judged.set(request, judged);
    return judged === 'admitted' ? undefined : judged;
  }

  /** Browsers name their page's origin, and WebSockets know no CORS: what is not allowed ends here. */
  #refusalOf(request: IncomingMessage): Refusal | undefined {
    const { headers: { origin, upgrade }, method } = request;
    const query = new URL(request.url ?? '', 'http://localhost').searchParams;
    if (origin !== undefined && this.allowedOrigin(origin) === undefined) return NO_ORIGIN;
    if (method !== 'GET' && method !== 'POST') return NO_METHOD;
    if (query.get('EIO') !== '4') return NO_PROTOCOL;
    if (query.get('transport') === 'websocket' && upgrade === undefined) return NO_UPGRADE;
    return query.has('sid') ? undefined : this.#tooMuch(addressOf(request, this.#hops));
  }

  #tooMuch(address: string): Refusal | undefined {
    if (this.#addresses.take(address) > 0 || this.#accepts.take() > 0) return TOO_OFTEN;
    return this.#hops > 0 && this.#connections.isFull(address) ? TOO_MANY : undefined;
  }

  #count(reason: Reason, address: string): void {
    refused.add(1, reason);
    if (reason === 'origin' || performance.now() - this.#loggedAt < LOG_EVERY_MS) return;
    this.#loggedAt = performance.now();
    this.#logger.warn({ reason, address }, 'connections are refused: too many from one address, or at once. Is that your proxy, set TRUSTED_PROXY_HOPS');
  }
}

function answer(response: ServerResponse, { status, code, message }: Refusal): void {
  response.writeHead(status, { 'content-type': 'application/json', 'connection': 'close', ...(status === 429 ? { 'retry-after': '1' } : {}) });
  response.end(JSON.stringify({ code, message }));
}
