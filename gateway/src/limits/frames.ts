import { Counts } from '@switchboard/shared/bus';
import { TokenBucket, type Rate } from '@switchboard/shared/limits';
import { WebSocket, WebSocketServer, type ServerOptions } from 'ws';
import type { ChatServer, ChatSocket } from '../sockets.ts';

/** For each event that a socket may send: heartbeats, and events that are refused, are frames too. */
const FRAMES_PER_EVENT = 4;
const BURST_PER_EVENT = 40;
const MAX_FRAGMENTS = 1_024;
/** How long a peer has to answer a closing frame. */
const CLOSE_TIMEOUT_MS = 2_000;

const FRAMES = new Set<string | symbol>(['message', 'ping', 'pong']);

const cutOff = new Counts('switchboard.gateway.cut_off', '{connection}', 'Connections that were ended for what they did', 'reason');

export const countCutOff = (reason: 'flood' | 'backlog', connections = 1): void => { cutOff.add(connections, reason); };

/** What any connection may send, whoever it is of and whatever it holds: one that sends more is ended. */
export class FrameLimits {
  readonly #rate: Rate;
  readonly #flooders = new WeakSet<object>();

  /** 0: no limits. */
  constructor(eventsPerSecond: number) {
    this.#rate = { perSecond: FRAMES_PER_EVENT * eventsPerSecond, burst: BURST_PER_EVENT * eventsPerSecond };
    countCutOff('flood', 0);
  }

  /** For Engine.IO: a server whose sockets count their frames before anybody reads them. */
  get wsEngine(): new (options?: ServerOptions) => WebSocketServer {
    const rate = this.#rate;
    const flooders = this.#flooders;

    class CountingWebSocket extends WebSocket {
      readonly #bucket = new TokenBucket(rate);

      override emit(event: string | symbol, ...args: unknown[]): boolean {
        if (FRAMES.has(event) && this.#isTooMany()) return false;
        return super.emit(event, ...args);
      }

      #isTooMany(): boolean {
        if (flooders.has(this)) return true;
        if (this.#bucket.take() === 0) return false;
        flooders.add(this);
        countCutOff('flood');
        this.terminate();
        return true;
      }
    }

    return class extends WebSocketServer {
      constructor(options?: ServerOptions) {
        const ours = { ...options, WebSocket: CountingWebSocket, maxFragments: MAX_FRAGMENTS, closeTimeout: CLOSE_TIMEOUT_MS };
        super(ours);
      }
    };
  }

  /** Also counts the packets of polling clients, who put many into one request. `onFlood` is told whose connection was ended. */
  watch(io: ChatServer, onFlood: (userId: number) => void): void {
    io.engine.on('connection', (connection: ChatSocket['conn']) => {
      const bucket = new TokenBucket(this.#rate);
      connection.on('packet', () => {
        if (connection.transport.name !== 'polling' || bucket.take() === 0) return;
        this.#flooders.add(connection);
        countCutOff('flood');
        connection.close(true);
      });
    });
    io.on('connection', (socket) => {
      socket.once('disconnect', () => { if (this.#isFlooder(socket.conn)) onFlood(socket.data.actor.id); });
    });
  }

  #isFlooder(connection: ChatSocket['conn']): boolean {
    return this.#flooders.has(connection) || this.#flooders.has(webSocketOf(connection) ?? {});
  }
}

export function webSocketOf({ transport }: ChatSocket['conn']): WebSocket | undefined {
  return 'socket' in transport && transport.socket instanceof WebSocket ? transport.socket : undefined;
}
