// Written for ws 8.21. Relies on:
// - the option `WebSocket`: the server creates its sockets from that class;
// - `emit`: a socket emits `message`, `ping` and `pong` for each received frame, and nothing else reads them;
// - the option `autoPong: false`: then a socket sends no pong by itself;
// - the options `maxFragments` and `closeTimeout`, which @types/ws does not know;
// - `close(1009)`, which a socket calls on itself when a message exceeds `maxPayload`;
// - `_receiver._maxPayload`, private: that limit, read for each frame;
// - `handleUpgrade`, by which Engine.IO opens each socket and which alone knows the stream below it.

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer, type ServerOptions } from 'ws';

/** RFC 6455, section 7.4.1. */
const TOO_LARGE = 1009;
const FRAMES = new Set<string | symbol>(['message', 'ping', 'pong']);

/** Decides when the frames of one WebSocket are delivered to its listeners. */
export interface FrameGate {
  /** A frame was received; `deliverFrame` delivers it, now or later. Returns as `emit` does. */
  receive(frame: string | symbol, args: unknown[]): boolean;
  /** A message exceeds the limit; the WebSocket closes after this call and can still send. */
  tooLarge(): void;
  /** The WebSocket is closed. */
  close(): void;
}

export interface WebSocketLimits {
  /** Fragments of one message. More of them close the WebSocket. */
  readonly maxFragments: number;
  /** How long a peer has to reply to a closing frame, in ms. */
  readonly closeTimeout: number;
}

/** The stream below each WebSocket. */
const streams = new WeakMap<WebSocket, Duplex>();

/**
 * For Engine.IO's option `wsEngine`: a server whose WebSockets pass each received frame to a gate. `onOpen`
 * runs before a WebSocket receives anything.
 */
export function gatedServer(
  gateOf: (socket: WebSocket) => FrameGate,
  limits: WebSocketLimits,
  onOpen: (socket: WebSocket) => void,
): new (options?: ServerOptions) => WebSocketServer {
  const GatedWebSocket = gatedWebSocket(gateOf);

  return class extends WebSocketServer {
    constructor(options?: ServerOptions) {
      // `deliverFrame` sends the pongs: ws itself would reply to each ping as soon as it is read.
      const all = { ...options, ...limits, WebSocket: GatedWebSocket, autoPong: false };
      super(all);
    }

    override handleUpgrade(
      request: IncomingMessage,
      stream: Duplex,
      head: Buffer,
      open: (socket: WebSocket, request: IncomingMessage) => void,
    ): void {
      super.handleUpgrade(request, stream, head, (socket) => {
        streams.set(socket, stream);
        onOpen(socket);
        open(socket, request);
      });
    }
  };
}

const gatedWebSocket = (gateOf: (socket: WebSocket) => FrameGate): typeof WebSocket =>
  class extends WebSocket {
    readonly #gate = gateOf(this);

    override close(code?: number, data?: string | Buffer): void {
      if (code === TOO_LARGE && this.readyState === WebSocket.OPEN) this.#gate.tooLarge();
      super.close(code, code === TOO_LARGE ? 'the frame is larger than allowed' : data);
    }

    override emit(event: string | symbol, ...args: unknown[]): boolean {
      if (event === 'close') this.#gate.close();
      return FRAMES.has(event) ? this.#gate.receive(event, args) : super.emit(event, ...args);
    }
  };

/** The largest message that the WebSocket accepts from now on. */
export function limitPayload(socket: WebSocket, maxBytes: number): void {
  const receiver: unknown = Reflect.get(socket, '_receiver');
  if (typeof receiver !== 'object' || receiver === null || !('_maxPayload' in receiver))
    throw new Error('ws: a WebSocket has no receiver');
  receiver._maxPayload = maxBytes;
}

/** The size of a frame's payload, as its listeners receive it. */
export const sizeOf = ([data]: readonly unknown[]): number =>
  data instanceof ArrayBuffer || Buffer.isBuffer(data) ? data.byteLength : 0;

/** Delivers a frame to the listeners of its WebSocket; a ping gets its pong first. */
export function deliverFrame(socket: WebSocket, frame: string | symbol, args: unknown[]): boolean {
  if (frame === 'ping' && socket.readyState === WebSocket.OPEN) socket.pong(args[0]);
  return WebSocket.prototype.emit.call(socket, frame, ...args);
}

/** The stream that a WebSocket writes to. */
export const streamOf = (socket: WebSocket): Duplex | undefined => streams.get(socket);
