import { Counter } from '@switchboard/shared/telemetry';
import { TokenBucket, type Rate } from '@switchboard/shared/limits';
import type { ServerOptions, WebSocket, WebSocketServer } from 'ws';
import {
  discard,
  flush,
  isPolling,
  limitBody,
  onConnection,
  onPacketReceived,
  onUpgrade,
  webSocketOf,
  type Connection,
} from './internals/engine.io.ts';
import {
  deliverFrame,
  gatedServer,
  limitPayload,
  sizeOf,
  type FrameGate,
  type WebSocketLimits,
} from './internals/ws.ts';
import type { ChatServer, ChatSocket } from './sockets.ts';

/** Heartbeats and refused events are frames too: a connection may send more frames than a socket events. */
const FRAMES_PER_EVENT = 4;
const BURST_PER_EVENT = 5;
/** Polling clients send the packets that piled up in one request. */
const POLLING_BURST_PER_EVENT = 40;
/** The burst of a connection before its user is known. */
const UNKNOWN_BURST = 20;
/** Disconnects a client above the rate after `PATIENCE_MS`, or with more than `MAX_HELD` frames held. */
const PATIENCE_MS = 5_000;
const MAX_HELD = 1_000;
const MAX_HELD_UNKNOWN = 100;
/** How long the gateway stops reading a socket above the rate. */
const PAUSE_MS = 100;
/** Fits a text of 8,000 characters, however its JSON spells them, and many that are refused as too long. */
export const MAX_FRAME_BYTES = 1024 * 1024;
/** Bounds the memory of clients without a valid token. */
const MAX_UNKNOWN_FRAME_BYTES = 64 * 1024;
/** A frame costs a token, and one more for each of these: parsing takes time by the byte. */
const BYTES_PER_TOKEN = 16 * 1024;
const WEB_SOCKET_LIMITS: WebSocketLimits = { maxFragments: 1_024, closeTimeout: 2_000 };

/** The Socket.IO sockets of WebSockets whose users are authenticated. */
const knownSockets = new WeakMap<WebSocket, ChatSocket>();

export interface FrameListeners {
  /** A flooding user was disconnected. */
  readonly onFlood: (userId: number) => void;
  /** The socket sent a frame larger than allowed. It is about to close. */
  readonly onTooLarge: (socket: ChatSocket) => void;
}

const cutOff = new Counter(
  'switchboard.gateway.cut_off',
  '{connection}',
  'Connections ended for flooding or for not reading',
  'reason',
);

export const countCutOff = (reason: 'flood' | 'backlog', connections = 1): void => {
  cutOff.add(connections, reason);
};

/**
 * Backpressure: above this rate the gateway stops reading a connection, and TCP makes the sender wait. Also a
 * refused frame costs CPU time that all connections share.
 */
export class FrameLimits {
  readonly #rate: Rate;
  readonly #pollingRate: Rate;
  readonly #flooders = new WeakSet<object>();
  #onTooLarge: FrameListeners['onTooLarge'] = () => undefined;

  /** 0: no limits. */
  constructor(eventsPerSecond: number) {
    const perSecond = FRAMES_PER_EVENT * eventsPerSecond;
    this.#rate = { perSecond, burst: BURST_PER_EVENT * eventsPerSecond };
    this.#pollingRate = { perSecond, burst: POLLING_BURST_PER_EVENT * eventsPerSecond };
    countCutOff('flood', 0);
  }

  /** For Engine.IO: a WebSocket server that reads its sockets at the rate. */
  get wsEngine(): new (options?: ServerOptions) => WebSocketServer {
    const onFlood = (socket: WebSocket): void => {
      this.#flooders.add(socket);
    };
    const onTooLarge = (webSocket: WebSocket): void => {
      const socket = knownSockets.get(webSocket);
      if (socket === undefined) return;
      this.#onTooLarge(socket);
      flush(socket.conn);
    };
    return gatedServer(
      (socket) => new Pacer(socket, this.#rate, { onFlood, onTooLarge }),
      WEB_SOCKET_LIMITS,
      (socket) => {
        limitPayload(socket, MAX_UNKNOWN_FRAME_BYTES);
      },
    );
  }

  /** Also limits polling clients. */
  watch(io: ChatServer, { onFlood, onTooLarge }: FrameListeners): void {
    this.#onTooLarge = onTooLarge;
    onConnection(io, (connection) => {
      // A WebSocket never becomes polling again.
      if (!isPolling(connection)) return;
      limitBody(connection, MAX_UNKNOWN_FRAME_BYTES);
      const bucket = new TokenBucket(this.#pollingRate);
      onPacketReceived(connection, () => {
        if (!isPolling(connection) || bucket.consume() === 0) return;
        this.#flooders.add(connection);
        countCutOff('flood');
        discard(connection);
      });
    });
    io.on('connection', (socket) => {
      markKnown(socket);
      if (isPolling(socket.conn)) {
        limitBody(socket.conn, MAX_FRAME_BYTES);
        onUpgrade(socket.conn, () => {
          markKnown(socket);
        });
      }
      socket.on('disconnect', () => {
        if (this.#isFlooder(socket.conn)) onFlood(socket.data.actor.id);
      });
    });
  }

  #isFlooder(connection: Connection): boolean {
    return this.#flooders.has(connection) || this.#flooders.has(webSocketOf(connection) ?? {});
  }
}

function markKnown(socket: ChatSocket): void {
  const webSocket = webSocketOf(socket.conn);
  if (webSocket === undefined) return;
  knownSockets.set(webSocket, socket);
  limitPayload(webSocket, MAX_FRAME_BYTES);
}

interface PacerListeners {
  readonly onFlood: (socket: WebSocket) => void;
  readonly onTooLarge: (socket: WebSocket) => void;
}

/**
 * Delivers the frames of one WebSocket at a rate. Above it the WebSocket is paused; frames of a chunk that
 * was already read are held here.
 */
class Pacer implements FrameGate {
  readonly #socket: WebSocket;
  readonly #rate: Rate;
  readonly #listeners: PacerListeners;
  readonly #bucket: TokenBucket;
  /** Undefined for almost all WebSockets. */
  #held: [frame: string | symbol, args: unknown[]][] | undefined;
  /** Runs while the WebSocket is paused. */
  #pauseTimer: NodeJS.Timeout | undefined;
  /** Since when it is above the rate, performance.now(), ms. */
  #aboveSince: number | undefined;
  #isClosed = false;

  constructor(socket: WebSocket, rate: Rate, listeners: PacerListeners) {
    this.#socket = socket;
    this.#rate = rate;
    this.#listeners = listeners;
    this.#bucket = new TokenBucket(rate);
  }

  receive(frame: string | symbol, args: unknown[]): boolean {
    // The rest of the chunk in which it was cut off.
    if (this.#isClosed) return false;
    if (this.#pauseTimer === undefined && this.#tryConsume(args))
      return deliverFrame(this.#socket, frame, args);
    const held = (this.#held ??= []);
    held.push([frame, args]);
    if (held.length > (this.#isKnown ? MAX_HELD : MAX_HELD_UNKNOWN)) this.#cutOff();
    else if (this.#pauseTimer === undefined) this.#pauseOrCutOff();
    return true;
  }

  tooLarge(): void {
    this.#listeners.onTooLarge(this.#socket);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#pauseTimer);
    this.#pauseTimer = undefined;
    this.#held = undefined;
  }

  get #isKnown(): boolean {
    return knownSockets.has(this.#socket);
  }

  #tryConsume(args: readonly unknown[]): boolean {
    const now = performance.now();
    if (this.#bucket.isFull(now)) this.#aboveSince = undefined;
    const reserve = this.#isKnown ? 0 : Math.max(0, this.#rate.burst - UNKNOWN_BURST);
    const tokens = 1 + Math.floor(sizeOf(args) / BYTES_PER_TOKEN);
    if (this.#bucket.consume(now, reserve, tokens) === 0) return true;
    this.#aboveSince ??= now;
    return false;
  }

  #pauseOrCutOff(): void {
    if (performance.now() - (this.#aboveSince ?? Number.POSITIVE_INFINITY) > PATIENCE_MS) {
      this.#cutOff();
      return;
    }
    this.#socket.pause();
    this.#pauseTimer = setTimeout(() => {
      this.#resume();
    }, PAUSE_MS);
  }

  #resume(): void {
    this.#pauseTimer = undefined;
    for (let [next] = this.#held ?? []; next !== undefined; [next] = this.#held ?? []) {
      const [frame, args] = next;
      if (!this.#tryConsume(args)) {
        this.#pauseOrCutOff();
        return;
      }
      this.#held?.shift();
      deliverFrame(this.#socket, frame, args);
    }
    this.#socket.resume();
  }

  #cutOff(): void {
    this.close();
    this.#listeners.onFlood(this.#socket);
    countCutOff('flood');
    this.#socket.terminate();
  }
}
