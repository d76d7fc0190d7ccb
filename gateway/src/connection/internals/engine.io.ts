// Written for engine.io 6.6. Relies on:
// - `Socket.prototype.flush`, private: writes the packets that wait. Engine.IO calls it through the instance,
//   after each packet and when a transport becomes writable, so that a property of the instance replaces it.
// - the event `packetCreate` before a packet waits, and `flush` before the packets that wait leave;
// - the event `packet` for each received packet, and `upgrade` when the transport has changed;
// - `transport.socket`: the ws socket of a WebSocket transport;
// - `close(true)`, which drops what waits, and `close()`, which writes it first;
// - `transport.maxHttpBufferSize` of a polling transport: the limit of a body, read for each request;
// - `engine.use`, whose middleware gets the request that Node passed to `shouldUpgradeCallback`.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { WebSocket } from 'ws';
import type { ChatServer, ChatSocket } from '../sockets.ts';

/** An Engine.IO socket: the connection below a Socket.IO socket. */
export type Connection = ChatSocket['conn'];

export function onConnection(io: ChatServer, run: (connection: Connection) => void): void {
  io.engine.on('connection', run);
}

/** Runs `middleware` before Engine.IO handles a request, also before an upgrade. */
export function beforeEngine(
  io: ChatServer,
  middleware: (request: IncomingMessage, response: ServerResponse, next: () => void) => void,
): void {
  io.engine.use(middleware);
}

/** Runs for each packet that starts to wait. `length`: of its text, in characters. */
export function onPacketCreated(connection: Connection, run: (length: number) => void): void {
  connection.on('packetCreate', ({ data }: { data?: unknown }) => {
    run(typeof data === 'string' ? data.length : 0);
  });
}

/** Runs when all packets that wait leave. */
export function onFlush(connection: Connection, run: () => void): void {
  connection.on('flush', run);
}

/** Runs for each packet that the client sent. */
export function onPacketReceived(connection: Connection, run: () => void): void {
  connection.on('packet', run);
}

/** Runs when the connection has changed from polling to WebSocket. */
export function onUpgrade(connection: Connection, run: () => void): void {
  connection.on('upgrade', run);
}

export const isPolling = (connection: Connection): boolean => connection.transport.name === 'polling';

/** The largest body of a polling request that the connection accepts from now on. */
export function limitBody({ transport }: Connection, maxBytes: number): void {
  if (!('maxHttpBufferSize' in transport)) throw new Error('engine.io: a transport has no maxHttpBufferSize');
  transport.maxHttpBufferSize = maxBytes;
}

/** Undefined while the connection polls. */
export function webSocketOf({ transport }: Connection): WebSocket | undefined {
  return 'socket' in transport && transport.socket instanceof WebSocket ? transport.socket : undefined;
}

/** Calls `instead` where Engine.IO would flush. The same descriptor serves all connections. */
export function replaceFlush(instead: (connection: Connection) => void): (connection: Connection) => void {
  const flush = {
    value(this: Connection): void {
      instead(this);
    },
  };
  return (connection) => {
    Object.defineProperty(connection, 'flush', flush);
  };
}

/** Writes the packets that wait, as Engine.IO itself does. */
export function flush(connection: Connection): void {
  const original: unknown = Reflect.get(Object.getPrototypeOf(connection) as object, 'flush');
  if (typeof original !== 'function') throw new Error('engine.io: a socket has no flush');
  Reflect.apply(original, connection, []);
}

/** Ends the connection once the packets that wait have left. The client sees an interruption and returns. */
export function close(connection: Connection): void {
  connection.close();
}

/** Ends the connection at once; packets that wait are dropped. */
export function discard(connection: Connection): void {
  connection.close(true);
}
