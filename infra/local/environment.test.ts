import { describe, expect, it } from '@jest/globals';
import { environmentOf, type Surroundings } from './environment.ts';

const around: Surroundings = {
  env: {},
  folder: '/data',
  secrets: { nats: { gateway: 'a', 'chat-service': 'b', 'message-service': 'c', 'presence-service': 'd', 'webhook-service': 'e' }, postgres: { postgres: '', chat_migrator: '', chat_service: '', message_migrator: '', message_service: '', presence_migrator: '', presence_service: '', webhook_migrator: '', webhook_service: '' }, jwtSecret: 's', fileUrlSecret: 'f', webhookKey: 'w' },
  jwtSecret: 's',
  firstPort: 3_000,
  natsPort: 4_222,
  postgresPort: 5_432,
};

const telemetry = (changes: Partial<Surroundings>): Record<string, string> =>
  Object.fromEntries(Object.entries(environmentOf('chat-service', 'chat-service-2', { internalPort: 4_000, port: undefined }, { ...around, ...changes })).filter(([name]) => name.startsWith('OTEL_')));

describe('where the page of traces runs', () => {
  it('every program sends it all of its spans', () => {
    expect(telemetry({ tracesPort: 4_318 })).toEqual({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:4318/v1/traces', OTEL_TRACES_SAMPLER_ARG: '1' });
  });

  it('the environment has the last word', () => {
    const env = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces', OTEL_TRACES_SAMPLER_ARG: '0.1' };
    expect(telemetry({ tracesPort: 4_318, env })).toEqual(env);
  });
});

it('nothing is said of traces where their page does not run', () => {
  expect(telemetry({})).toEqual({});
});

describe('webhook-service', () => {
  const given = { AMQP_URL: 'amqp://localhost', AMQP_EXCHANGE: 'events', WEBHOOK_ALLOW_PRIVATE: 'true' };
  const environment = (name: 'webhook-service' | 'gateway' | 'chat-service', env: NodeJS.ProcessEnv) => environmentOf(name, name, { internalPort: 4_000, port: undefined }, { ...around, env });

  it('is handed what is meant for it, and the key that was made', () => {
    expect(environment('webhook-service', given)).toMatchObject({ ...given, WEBHOOK_KEY: 'w', WEBHOOK_DATABASE_URL: expect.stringContaining('webhook_service') });
    expect(environment('webhook-service', { ...given, WEBHOOK_KEY: 'given' })).toMatchObject({ WEBHOOK_KEY: 'given' });
  });

  it('keeps its key and its database to itself', () => {
    for (const name of ['gateway', 'chat-service'] as const) expect(Object.keys(environment(name, { ...given, WEBHOOK_KEY: 'given' })).filter((variable) => variable.startsWith('WEBHOOK_'))).toEqual([]);
  });
});
