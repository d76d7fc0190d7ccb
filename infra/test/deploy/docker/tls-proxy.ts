import { createServer, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import type { Duplex } from 'node:stream';

export interface TlsProxy {
  readonly port: number;
  stop(): Promise<void>;
}

let lastAddress = 0;

/**
 * In place of a proxy that ends TLS: it says so in `X-Forwarded-Proto`. Each of its connections to HAProxy
 * comes from another address, so that HAProxy's addresses keep no session together.
 */
export async function startTlsProxy(target: string): Promise<TlsProxy> {
  const { hostname, port } = new URL(target);
  const forward = ({ method, url, headers }: IncomingMessage) => {
    const options: RequestOptions = {
      hostname,
      port,
      path: url,
      method,
      headers: { ...headers, 'x-forwarded-proto': 'https' },
      agent: false,
      localAddress: `127.0.8.${String((++lastAddress % 250) + 1)}`,
    };
    return httpRequest(options);
  };
  const sockets = new Set<Duplex>();
  const server = createServer((request, response) => {
    const forwarded = forward(request).on('response', (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.rawHeaders);
      reply.pipe(response);
    });
    forwarded.on('error', () => response.destroy());
    request.pipe(forwarded);
  });
  server.on('upgrade', (request, socket) => {
    sockets.add(socket.on('error', () => undefined));
    const forwarded = forward(request).on('upgrade', (reply, other, head) => {
      const headers = reply.rawHeaders.flatMap((name, index, all) =>
        index % 2 === 0 ? [`${name}: ${all[index + 1] ?? ''}`] : [],
      );
      socket.write(['HTTP/1.1 101 Switching Protocols', ...headers, '', ''].join('\r\n'));
      // The first frame may come with the headers.
      socket.write(head);
      other.on('error', () => socket.destroy());
      other.on('close', () => socket.destroy());
      socket.on('close', () => other.destroy());
      socket.pipe(other).pipe(socket);
    });
    forwarded.on('response', () => socket.destroy()).on('error', () => socket.destroy());
    forwarded.end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
