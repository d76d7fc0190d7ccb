import type { IncomingHttpHeaders, IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import { Counter, observeGauge } from '@switchboard/shared/telemetry';
import { rateOf, KeyedSemaphore, TokenBucket, TokenBuckets, type Level } from '@switchboard/shared/limits';
import type { Logger } from '@switchboard/shared/runtime';
import type { Config } from '../config.ts';
import { addressOf, clientAddressOf, networkOf } from './address.ts';
import { isOwnHost } from './own-host.ts';
import { beforeEngine, onConnection } from './internals/engine.io.ts';
import type { ChatServer } from './sockets.ts';
import { throwIfLimited } from '../events/event-limits.ts';

const PATH = '/socket.io/';
const LOG_EVERY_MS = 10_000;

const REASONS = ['origin', 'rate', 'address'] as const;
type Reason = (typeof REASONS)[number];

interface Refusal {
  readonly status: 400 | 403 | 405 | 429;
  /** Engine.IO's error code. https://socket.io/docs/v4/engine-io-protocol/ */
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

const refused = new Counter(
  'switchboard.gateway.refused_connections',
  '{connection}',
  'Connections refused before the handshake',
  'reason',
);

/**
 * Decides which requests may connect, before authentication: by origin, address and rate. It judges each
 * request once, before Engine.IO sees it. A refused request is never upgraded and gets an HTTP response.
 */
export class Admission {
  readonly #origins: ReadonlySet<string> | 'any';
  readonly #hops: number;
  readonly #accepts: TokenBucket;
  readonly #addresses: TokenBuckets<string>;
  readonly #connections: KeyedSemaphore<string>;
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
    this.#connections = new KeyedSemaphore(config.MAX_CONNECTIONS_PER_ADDRESS);
    this.#logger = logger;
    for (const reason of REASONS) refused.add(0, reason);
    for (const reason of ['origin', 'rate', 'address']) refused.add(0, reason);
    this.#stopObserving = observeGauge(
      'switchboard.gateway.addresses',
      '{address}',
      'Addresses with a connection',
      () => [{ labels: {}, value: this.#connections.size }],
    );
  }

  stop(): void {
    this.#stopObserving();
  }

  /** Limits TCP connections per address. Behind proxies `watchSessions` does it. */
  watch(http: HttpServer): void {
    if (this.#hops > 0) return;
    http.on('connection', (socket) => {
      const address = networkOf(socket.remoteAddress ?? '');
      if (!this.#connections.tryAcquire(address)) {
        this.#count('address', address);
        socket.destroy();
        return;
      }
      socket.once('close', () => {
        this.#connections.release(address);
      });
    });
  }

  /**
   * Whether Node upgrades a request. Node would keep the connection of an upgrade that no server handles, so
   * such a request is served as a plain one.
   */
  readonly mayUpgrade = (request: IncomingMessage): boolean =>
    this.#isServing && request.url?.startsWith(PATH) === true && this.#judge(request) === undefined;

  watchSessions(io: ChatServer): void {
    this.#isServing = true;
    beforeEngine(io, (request, response, next) => {
      const refusal = this.#judge(request);
      if (refusal === undefined) next();
      else respond(response, refusal);
    });
    if (this.#hops === 0) return;
    // Behind proxies the TCP connections are theirs: sessions count, per client address.
    onConnection(io, (connection) => {
      const address = addressOf(connection.request, this.#hops);
      if (this.#connections.tryAcquire(address))
        connection.once('close', () => {
          this.#connections.release(address);
        });
    });
  }

  /** The client's whole address, for telemetry. */
  clientAddress(request: IncomingMessage): string {
    return clientAddressOf(request, this.#hops);
  }

  /** Consumes a token for an HTTP request. Throws RATE_LIMITED. */
  admitRequest(request: IncomingMessage): void {
    throwIfLimited(this.#addresses.consume(addressOf(request, this.#hops)), 'address');
  }

  addressLevel(request: IncomingMessage): Level | undefined {
    return this.#addresses.level(addressOf(request, this.#hops));
  }

  /**
   * The value of `Access-Control-Allow-Origin`; undefined if the origin is not allowed. The gateway's own
   * host always is.
   */
  allowedOrigin(headers: IncomingHttpHeaders): string | undefined {
    if (this.#origins === 'any') return '*';
    const { origin } = headers;
    if (origin === undefined) return undefined;
    return this.#origins.has(origin) || isOwnHost(origin, headers, this.#hops > 0) ? origin : undefined;
  }

  #judge(request: IncomingMessage): Refusal | undefined {
    const judged = this.#judged.get(request) ?? this.#refusalOf(request) ?? 'admitted';
    if (judged !== 'admitted' && judged.reason !== undefined && !this.#judged.has(request))
      this.#count(judged.reason, addressOf(request, this.#hops));
    this.#judged.set(request, judged);
    return judged === 'admitted' ? undefined : judged;
  }

  /** CORS does not apply to WebSockets, so the gateway checks the origin itself. */
  #refusalOf(request: IncomingMessage): Refusal | undefined {
    const {
      headers,
      headers: { origin, upgrade },
      method,
    } = request;
    const query = new URL(request.url ?? '', 'http://localhost').searchParams;
    if (origin !== undefined && this.allowedOrigin(headers) === undefined) return NO_ORIGIN;
    if (method !== 'GET' && method !== 'POST') return NO_METHOD;
    if (query.get('EIO') !== '4') return NO_PROTOCOL;
    if (query.get('transport') === 'websocket' && upgrade === undefined) return NO_UPGRADE;
    return query.has('sid') ? undefined : this.#tooMuch(addressOf(request, this.#hops));
  }

  #tooMuch(address: string): Refusal | undefined {
    if (this.#addresses.consume(address) > 0 || this.#accepts.consume() > 0) return TOO_OFTEN;
    return this.#hops > 0 && this.#connections.isFull(address) ? TOO_MANY : undefined;
  }

  #count(reason: Reason, address: string): void {
    refused.add(1, reason);
    if (reason === 'origin' || performance.now() - this.#loggedAt < LOG_EVERY_MS) return;
    this.#loggedAt = performance.now();
    this.#logger.warn(
      { reason, address },
      'admission: refused a connection above a limit; if the address is your proxy, set TRUSTED_PROXY_HOPS',
    );
  }
}

function respond(response: ServerResponse, { status, code, message }: Refusal): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    connection: 'close',
    ...(status === 429 ? { 'retry-after': '1' } : {}),
  });
  response.end(JSON.stringify({ code, message }));
}
