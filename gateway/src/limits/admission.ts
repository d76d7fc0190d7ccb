import type { IncomingMessage, Server as HttpServer } from 'node:http';
import { Counts, observe } from '@switchboard/shared/bus';
import { rateOf, TokenBucket, TokenBuckets } from '@switchboard/shared/limits';
import type { Logger } from '@switchboard/shared/runtime';
import type { Config } from '../config.ts';
import type { ChatServer } from '../sockets.ts';
import { addressOf, networkOf } from './address.ts';
import { insist } from './event-limits.ts';
import { Tally } from './tally.ts';

const refused = new Counts('switchboard.gateway.refused_connections', '{connection}', 'Connections that were refused before anybody spoke', 'reason');
const LOG_EVERY_MS = 10_000;

type AllowRequest = (request: IncomingMessage, answer: (reason: string | undefined, isAllowed: boolean) => void) => void;
type Reason = 'origin' | 'rate' | 'address';

/** Who may connect at all, by what is known before they say who they are. */
export class Admission {
  readonly #origins: ReadonlySet<string> | 'any';
  readonly #hops: number;
  readonly #accepts: TokenBucket;
  readonly #addresses: TokenBuckets<string>;
  readonly #connections: Tally<string>;
  readonly #logger: Logger;
  readonly #stopObserving: () => void;
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
        this.#refuse('address', address);
        socket.destroy();
        return;
      }
      socket.once('close', () => { this.#connections.remove(address); });
    });
  }

  /** Behind proxies a connection is theirs; what counts is who they speak for. */
  watchSessions(io: ChatServer): void {
    if (this.#hops === 0) return;
    io.engine.on('connection', (connection: { request: IncomingMessage; once: (event: 'close', run: () => void) => void; close: (discard: boolean) => void }) => {
      const address = addressOf(connection.request, this.#hops);
      if (!this.#connections.add(address)) {
        this.#refuse('address', address);
        connection.close(true);
        return;
      }
      connection.once('close', () => { this.#connections.remove(address); });
    });
  }

  /** For Engine.IO, on a handshake. Browsers name their page's origin, and WebSockets know no CORS: what is not allowed ends here. */
  readonly allowRequest: AllowRequest = (request, answer) => {
    const reason = this.#reasonAgainst(request);
    if (reason !== undefined) this.#refuse(reason, addressOf(request, this.#hops));
    answer(reason === 'origin' ? 'Origin not allowed' : 'Too many connections', reason === undefined);
  };

  /** For a request over HTTP. Throws RATE_LIMITED. */
  takeRequest(request: IncomingMessage): void {
    insist(this.#addresses.take(addressOf(request, this.#hops)), 'address');
  }

  /** As CORS says it: for a page of `origin`; undefined where it may not call. */
  allowedOrigin(origin: string): string | undefined {
    if (this.#origins === 'any') return '*';
    return this.#origins.has(origin) ? origin : undefined;
  }

  #reasonAgainst(request: IncomingMessage): Reason | undefined {
    const { origin } = request.headers;
    if (origin !== undefined && this.allowedOrigin(origin) === undefined) return 'origin';
    const address = addressOf(request, this.#hops);
    if (this.#addresses.take(address) > 0 || this.#accepts.take() > 0) return 'rate';
    if (this.#hops > 0 && this.#connections.isFull(address)) return 'address';
    return undefined;
  }

  #refuse(reason: Reason, address: string): void {
    refused.add(1, reason);
    if (reason === 'origin' || performance.now() - this.#loggedAt < LOG_EVERY_MS) return;
    this.#loggedAt = performance.now();
    this.#logger.warn({ reason, address }, 'connections are refused: too many from one address, or at once. Is that your proxy, set TRUSTED_PROXY_HOPS');
  }
}
