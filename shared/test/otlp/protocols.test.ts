import { afterEach, describe, expect, it } from '@jest/globals';
import { programOnPath } from '../../../infra/dev/processes/on-path.ts';
import { makeCertificate } from './certificate.ts';
import type { Signal } from './decode.ts';
import { receiveGrpc, receiveHttp, type Receiver } from './receiver.ts';
import { runExport } from './run-export.ts';

const receivers: Receiver[] = [];
afterEach(async () => {
  for (const receiver of receivers.splice(0)) await receiver.stop();
});

async function start(receive: () => Promise<Receiver>): Promise<Receiver> {
  const receiver = await receive();
  receivers.push(receiver);
  return receiver;
}

const of = (receiver: Receiver, signal: Signal) => receiver.received.filter((one) => one.signal === signal);
const namesOf = (receiver: Receiver, signal: Signal) => of(receiver, signal).flatMap(({ names }) => names);

const protocols = [
  [undefined, receiveHttp, 'application/json'],
  ['http/protobuf', receiveHttp, 'application/x-protobuf'],
  ['grpc', receiveGrpc, 'application/grpc'],
] as const;

describe.each(protocols)('with OTEL_EXPORTER_OTLP_PROTOCOL=%s', (protocol, receive, type) => {
  const variables = (receiver: Receiver): Record<string, string> => ({
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${String(receiver.port)}`,
    ...(protocol === undefined ? {} : { OTEL_EXPORTER_OTLP_PROTOCOL: protocol }),
  });

  it('exports spans, those of HTTP requests too, and metrics', async () => {
    const receiver = await start(() => receive());
    await runExport({ ...variables(receiver), OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=all' });
    expect(namesOf(receiver, 'traces')).toEqual(['own span', 'GET']);
    expect(namesOf(receiver, 'metrics')).toEqual(
      expect.arrayContaining(['switchboard.test.counted', 'http.server.request.duration']),
    );
    expect(new Set(receiver.received.map((one) => `${one.type} ${String(one.tenant)}`))).toEqual(
      new Set([`${type} all`]),
    );
  });

  it('identifies the process, as OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME override it', async () => {
    const receiver = await start(() => receive());
    await runExport({
      ...variables(receiver),
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=other,deployment.environment.name=a%20test',
      OTEL_SERVICE_NAME: 'shop-chat',
    });
    for (const signal of ['traces', 'metrics'] as const)
      expect(of(receiver, signal)[0]?.resource).toMatchObject({
        'service.namespace': 'switchboard',
        'service.name': 'shop-chat',
        'service.instance.id': 'chat-service-1',
        'deployment.environment.name': 'a test',
      });
  });
});

it('sends each signal by its own variables', async () => {
  const [traces, metrics] = [await start(() => receiveGrpc()), await start(() => receiveHttp())];
  await runExport({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
    OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=all',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `127.0.0.1:${String(traces.port)}`,
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc',
    OTEL_EXPORTER_OTLP_TRACES_INSECURE: 'true',
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-tenant=traces',
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `http://127.0.0.1:${String(metrics.port)}/custom/metrics`,
    OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/protobuf',
    OTEL_EXPORTER_OTLP_METRICS_COMPRESSION: 'gzip',
  });
  expect(namesOf(traces, 'traces')).toContain('own span');
  expect(of(traces, 'traces')[0]).toMatchObject({ tenant: 'traces' });
  expect(of(metrics, 'metrics')[0]).toMatchObject({
    path: '/custom/metrics',
    type: 'application/x-protobuf',
    compression: 'gzip',
    tenant: 'all',
  });
  expect([...of(traces, 'metrics'), ...of(metrics, 'traces')]).toEqual([]);
});

it('starts with wrong variables of the exporters, and logs a warning for each', async () => {
  const receiver = await start(() => receiveHttp());
  const output = await runExport({
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${String(receiver.port)}`,
    OTEL_EXPORTER_OTLP_COMPRESSION: 'zip',
    OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: 'soon',
    OTEL_EXPORTER_OTLP_CERTIFICATE: '/nowhere/ca.pem',
    OTEL_RESOURCE_ATTRIBUTES: 'no value',
  });
  expect(namesOf(receiver, 'traces')).toContain('own span');
  for (const wrong of ['_COMPRESSION', '_TRACES_TIMEOUT', 'root certificate', 'OTEL_RESOURCE_ATTRIBUTES'])
    expect(output).toContain(wrong);
});

(programOnPath('openssl') === undefined ? it.skip : it)(
  'verifies a receiver with OTEL_EXPORTER_OTLP_CERTIFICATE, which a signal may override',
  async () => {
    const { file, tls, remove } = await makeCertificate();
    const receiver = await start(() => receiveHttp(tls));
    try {
      await runExport({
        OTEL_EXPORTER_OTLP_ENDPOINT: `https://localhost:${String(receiver.port)}`,
        OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE: file,
      });
    } finally {
      await remove();
    }
    expect(namesOf(receiver, 'traces')).toContain('own span');
    expect(of(receiver, 'metrics')).toEqual([]);
  },
);
