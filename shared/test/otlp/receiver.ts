import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { Server, ServerCredentials, type Metadata, type sendUnaryData } from '@grpc/grpc-js';
import { decode, fromProtobuf, type Decoded, type Signal } from './decode.ts';

export interface Received extends Decoded {
  readonly signal: Signal;
  /** `application/json`, `application/x-protobuf` or `application/grpc`. */
  readonly type: string;
  readonly path: string;
  readonly compression: string | undefined;
  /** The whole request, if it came as JSON. */
  readonly document: unknown;
  /** The header `x-tenant`. */
  readonly tenant: string | undefined;
}

export interface Receiver {
  readonly port: number;
  readonly received: Received[];
  stop(): Promise<void>;
}

export interface Tls {
  readonly key: Buffer;
  readonly cert: Buffer;
}

/** Receives OTLP over HTTP, as JSON and as protobuf. */
export async function receiveHttp(tls?: Tls): Promise<Receiver> {
  const received: Received[] = [];
  const respond: RequestListener = (request, response) => {
    void read(request).then((one) => {
      received.push(one);
      response.writeHead(200, { 'content-type': one.type }).end(one.type.endsWith('json') ? '{}' : '');
    });
  };
  const server = tls === undefined ? createServer(respond) : createTlsServer(tls, respond);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: portOf(server.address()),
    received,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

const portOf = (address: AddressInfo | string | null): number =>
  address !== null && typeof address === 'object' ? address.port : 0;

async function read(request: IncomingMessage): Promise<Received> {
  const { headers, url: path = '' } = request;
  const signal = path.includes('metrics') ? 'metrics' : 'traces';
  const sent = await buffer(request);
  const compression = headers['content-encoding'];
  const body = compression === 'gzip' ? gunzipSync(sent) : sent;
  const type = headers['content-type'] ?? '';
  const document: unknown = type.endsWith('json') ? JSON.parse(body.toString('utf8')) : undefined;
  const decoded = document === undefined ? fromProtobuf(signal, body) : decode(document);
  return { ...decoded, document, signal, path, type, compression, tenant: [headers['x-tenant']].flat()[0] };
}

const grpcPaths: Record<Signal, string> = {
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
};
const asIs = (bytes: Buffer): Buffer => bytes;

/** Receives OTLP over gRPC, without TLS. */
export async function receiveGrpc(): Promise<Receiver> {
  const received: Received[] = [];
  const server = new Server();
  for (const signal of ['traces', 'metrics'] as const)
    server.addService(
      {
        export: {
          path: grpcPaths[signal],
          requestStream: false,
          responseStream: false,
          requestSerialize: asIs,
          requestDeserialize: asIs,
          responseSerialize: asIs,
          responseDeserialize: asIs,
        },
      },
      {
        export: (
          { request, metadata }: { request: Buffer; metadata: Metadata },
          done: sendUnaryData<Buffer>,
        ) => {
          received.push({
            ...fromProtobuf(signal, request),
            signal,
            type: 'application/grpc',
            path: grpcPaths[signal],
            compression: undefined,
            document: undefined,
            tenant: textOf(metadata, 'x-tenant'),
          });
          done(null, Buffer.alloc(0));
        },
      },
    );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return {
    port,
    received,
    stop: () => {
      server.forceShutdown();
      return Promise.resolve();
    },
  };
}

const textOf = (metadata: Metadata, name: string): string | undefined => metadata.get(name)[0]?.toString();
