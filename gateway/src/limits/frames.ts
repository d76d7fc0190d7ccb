import { Counts } from '@switchboard/shared/bus';
import { TokenBucket, type Rate } from '@switchboard/shared/limits';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer, type ServerOptions } from 'ws';
import type { ChatServer, ChatSocket } from '../sockets.ts';

/** Heartbeats, and events that are refused, are frames too: a connection may send more of those than a socket may of events. */
const FRAMES_PER_EVENT = 4;
const BURST_PER_EVENT = 5;
/** Polling clients put what has piled up into one request. */
const POLLING_BURST_PER_EVENT = 40;
/** Until a connection has said who it is of, it has this much to say, and no more at once. */
const BURST_OF_STRANGERS = 20;
/** Who sends faster than they are read for so long is cut off, or as soon as so much of it has been read all the same. */
const PATIENCE_MS = 5_000;
const MAX_HELD = 1_000;
const MAX_HELD_OF_STRANGERS = 100;
const READ_ON_EVERY_MS = 100;
const MAX_FRAGMENTS = 1_024;
/** How long a peer has to answer a closing frame. */
const CLOSE_TIMEOUT_MS = 2_000;

const FRAMES = new Set<string | symbol>(['message', 'ping', 'pong']);

/** WebSockets whose users are known. */
const knownConnections = new WeakSet<WebSocket>();

/** What a WebSocket is carried by. */
const streams = new WeakMap<WebSocket, Duplex>();

const cutOff = new Counts('switchboard.gateway.cut_off', '{connection}', 'Connections that were ended for what they did', 'reason');

export const countCutOff = (reason: 'flood' | 'backlog', connections = 1): void => { cutOff.add(connections, reason); };

/**
 * How fast any connection is read, whoever it is of and whatever it sends: what comes faster stays unread, in the end at its sender.
 * Reading costs the time of all; a refusal does too.
 */
export class FrameLimits {
  readonly #rate: Rate;
  readonly #pollingRate: Rate;
  readonly #flooders = new WeakSet<object>();

  /** 0: no limits. */
  constructor(eventsPerSecond: number) {
    const perSecond = FRAMES_PER_EVENT * eventsPerSecond;
    this.#rate = { perSecond, burst: BURST_PER_EVENT * eventsPerSecond };
    this.#pollingRate = { perSecond, burst: POLLING_BURST_PER_EVENT * eventsPerSecond };
    countCutOff('flood', 0);
  }

  /** For Engine.IO: a server whose sockets are read at that rate. */
  get wsEngine(): new (options?: ServerOptions) => WebSocketServer {
    const PacedWebSocket = pacedWebSocket(this.#rate, (socket) => { this.#flooders.add(socket); });

    return class extends WebSocketServer {
      constructor(options?: ServerOptions) {
        // Pongs are sent when a ping is handed on: by itself a WebSocket answers all that it reads, paced or not.
        const ours = { ...options, WebSocket: PacedWebSocket, autoPong: false, maxFragments: MAX_FRAGMENTS, closeTimeout: CLOSE_TIMEOUT_MS };
        super(ours);
      }

      override handleUpgrade(request: IncomingMessage, stream: Duplex, head: Buffer, take: (socket: WebSocket, request: IncomingMessage) => void): void {
        super.handleUpgrade(request, stream, head, (socket) => {
          streams.set(socket, stream);
          take(socket, request);
        });
      }
    };
  }

  /** Also counts the packets of polling clients. `onFlood` is told whose connection was ended. */
  watch(io: ChatServer, onFlood: (userId: number) => void): void {
    io.engine.on('connection', (connection: ChatSocket['conn']) => {
      // None goes back from a WebSocket.
      if (connection.transport.name !== 'polling') return;
      const bucket = new TokenBucket(this.#pollingRate);
      connection.on('packet', () => {
        if (connection.transport.name !== 'polling' || bucket.take() === 0) return;
        this.#flooders.add(connection);
        countCutOff('flood');
        connection.close(true);
      });
    });
    io.on('connection', (socket) => {
      know(socket.conn);
      if (socket.conn.transport.name === 'polling') socket.conn.on('upgrade', () => { know(socket.conn); });
      socket.on('disconnect', () => { if (this.#isFlooder(socket.conn)) onFlood(socket.data.actor.id); });
    });
  }

  #isFlooder(connection: ChatSocket['conn']): boolean {
    return this.#flooders.has(connection) || this.#flooders.has(webSocketOf(connection) ?? {});
  }
}

function know(connection: ChatSocket['conn']): void {
  const socket = webSocketOf(connection);
  if (socket !== undefined) knownConnections.add(socket);
}

/** WebSockets that hand on their frames at a rate. Those of a chunk that was read already wait here; then nothing is read. */
const pacedWebSocket = (rate: Rate, onFlood: (socket: WebSocket) => void): typeof WebSocket => class extends WebSocket {
  readonly #bucket = new TokenBucket(rate);
  /** None, of almost all. */
  #held: [event: string | symbol, args: unknown[]][] | undefined;
  /** Until it reads on. */
  #waiting: NodeJS.Timeout | undefined;
  /** Since when it has sent more than is read, performance.now(), ms. */
  #aheadSince: number | undefined;
  #isOver = false;

  override emit(event: string | symbol, ...args: unknown[]): boolean {
    if (event === 'close') this.#forget();
    if (!FRAMES.has(event)) return super.emit(event, ...args);
    // Of a chunk that was read before it was cut off there may be much left.
    if (this.#isOver) return false;
    if (this.#waiting === undefined && this.#mayRead()) return this.#handOn(event, args);
    const held = this.#held ??= [];
    held.push([event, args]);
    if (held.length > (knownConnections.has(this) ? MAX_HELD : MAX_HELD_OF_STRANGERS)) this.#cutOff();
    else if (this.#waiting === undefined) this.#waitOrCutOff();
    return true;
  }

  #handOn(event: string | symbol, args: unknown[]): boolean {
    if (event === 'ping' && this.readyState === WebSocket.OPEN) this.pong(args[0]);
    return super.emit(event, ...args);
  }

  #mayRead(): boolean {
    const now = performance.now();
    if (this.#bucket.isFull(now)) this.#aheadSince = undefined;
    if (this.#bucket.take(now, knownConnections.has(this) ? 0 : Math.max(0, rate.burst - BURST_OF_STRANGERS)) === 0) return true;
    this.#aheadSince ??= now;
    return false;
  }

  #waitOrCutOff(): void {
    if (performance.now() - (this.#aheadSince ?? Number.POSITIVE_INFINITY) > PATIENCE_MS) {
      this.#cutOff();
      return;
    }
    this.pause();
    this.#waiting = setTimeout(() => { this.#readOn(); }, READ_ON_EVERY_MS);
  }

  #readOn(): void {
    this.#waiting = undefined;
    while (this.#held !== undefined && this.#held.length > 0) {
      if (!this.#mayRead()) {
        this.#waitOrCutOff();
        return;
      }
      const [event, args] = this.#held.shift() ?? [''];
      this.#handOn(event, args ?? []);
    }
    this.resume();
  }

  #cutOff(): void {
    this.#forget();
    onFlood(this);
    countCutOff('flood');
    this.terminate();
  }

  #forget(): void {
    this.#isOver = true;
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
    this.#held = undefined;
  }
};

export function webSocketOf({ transport }: ChatSocket['conn']): WebSocket | undefined {
  return 'socket' in transport && transport.socket instanceof WebSocket ? transport.socket : undefined;
}

/** What a connection writes to; undefined while it polls. */
export function streamOf(connection: ChatSocket['conn']): Duplex | undefined {
  const socket = webSocketOf(connection);
  return socket && streams.get(socket);
}
