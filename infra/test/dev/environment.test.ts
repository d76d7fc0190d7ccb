import { describe, expect, it } from '@jest/globals';
import { environmentOf, type Surroundings } from '../../dev/environment.ts';
import { withFiles } from '../../dev/settings.ts';

const around: Surroundings = {
  env: {},
  folder: '/data',
  secrets: {
    nats: {
      gateway: 'a',
      'chat-service': 'b',
      'message-service': 'c',
      'presence-service': 'd',
      'webhook-service': 'e',
    },
    postgres: {
      postgres: '',
      chat_migrator: '',
      chat_service: '',
      message_migrator: '',
      message_service: '',
      presence_migrator: '',
      presence_service: '',
      webhook_migrator: '',
      webhook_service: '',
    },
    jwtSecret: 's',
    fileUrlSecret: 'f',
    webhookKey: 'w',
  },
  jwtSecret: 's',
  firstPort: 3_000,
  natsPort: 4_222,
  postgresPort: 5_432,
};

const telemetry = (changes: Partial<Surroundings>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(
      environmentOf(
        'chat-service',
        'chat-service-2',
        { internalPort: 4_000, port: undefined },
        { ...around, ...changes },
      ),
    ).filter(([name]) => name.startsWith('OTEL_')),
  );

describe('with the trace page', () => {
  it('every program sends all of its spans to it', () => {
    expect(telemetry({ tracesPort: 4_318 })).toEqual({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:4318/v1/traces',
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
      OTEL_TRACES_SAMPLER_ARG: '1',
    });
  });

  it('the environment takes precedence', () => {
    const env = {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces',
      OTEL_TRACES_SAMPLER_ARG: '0.1',
    };
    expect(telemetry({ tracesPort: 4_318, env })).toEqual(env);
  });

  it('the page receives JSON while a collector receives gRPC', () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' };
    expect(telemetry({ tracesPort: 4_318, env })).toMatchObject({
      ...env,
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
    });
  });
});

it('sets no trace variables without the trace page', () => {
  expect(telemetry({})).toEqual({});
});

describe('webhook-service', () => {
  const given = { AMQP_URL: 'amqp://localhost', AMQP_EXCHANGE: 'events', WEBHOOK_ALLOW_PRIVATE: 'true' };
  const environment = (name: 'webhook-service' | 'gateway' | 'chat-service', env: NodeJS.ProcessEnv) =>
    environmentOf(name, name, { internalPort: 4_000, port: undefined }, { ...around, env });

  it('receives its own variables, and the generated key', () => {
    expect(environment('webhook-service', given)).toMatchObject({
      ...given,
      WEBHOOK_KEY: 'w',
      WEBHOOK_DATABASE_URL: expect.stringContaining('webhook_service'),
    });
    expect(environment('webhook-service', { ...given, WEBHOOK_KEY: 'given' })).toMatchObject({
      WEBHOOK_KEY: 'given',
    });
  });

  it('is known to the gateway, which says so where it is left out', () => {
    expect(environment('gateway', given)['WEBHOOKS']).toBeUndefined();
    expect(environment('gateway', {})['WEBHOOKS']).toBe('false');
    expect(environment('gateway', { WEBHOOKS: 'true' })['WEBHOOKS']).toBe('true');
  });

  it('is the only program that receives its key and database', () => {
    for (const name of ['gateway', 'chat-service'] as const)
      expect(
        Object.keys(environment(name, { ...given, WEBHOOK_KEY: 'given' })).filter((variable) =>
          variable.startsWith('WEBHOOK_'),
        ),
      ).toEqual([]);
  });
});

describe('the login to NATS', () => {
  const login = { NATS_CREDS_FILE: '/secrets/creds', NATS_TLS_CA: 'ca', NATS_TLS_KEY_FILE: '/secrets/key' };
  const env = { ...login, NATS_URL: 'tls://nats', NATS_GATEWAY_PASSWORD: 'p' };
  const received = (natsPort: number | undefined): Record<string, string> =>
    Object.fromEntries(
      Object.entries(
        environmentOf('gateway', 'gateway', { internalPort: 1, port: 1 }, { ...around, env, natsPort }),
      ).filter(([name]) => name.startsWith('NATS_')),
    );

  it('reaches every program with the NATS_URL that it is for', () => {
    expect(received(undefined)).toEqual({ ...login, NATS_URL: 'tls://nats' });
  });

  it('is left out for the own server', () => {
    expect(received(4_222)).toEqual({ NATS_URL: 'nats://gateway:a@127.0.0.1:4222' });
  });
});

describe('the files of secrets', () => {
  it('are found from the working folder of the user', () => {
    expect(withFiles({ INIT_CWD: '/home/me', NATS_CREDS_FILE: 'my.creds', NATS_TLS_CA_FILE: '/ca' })).toEqual(
      {
        INIT_CWD: '/home/me',
        NATS_CREDS_FILE: '/home/me/my.creds',
        NATS_TLS_CA_FILE: '/ca',
      },
    );
  });
});
