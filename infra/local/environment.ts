import { join } from 'node:path';
import { pick, plainEnvironment } from './command.ts';
import { databases, isService, type ProgramName, type ServiceName } from './names.ts';
import { natsUrl } from './nats.ts';
import { overridesFor } from './overrides.ts';
import { databaseUrl } from './postgres-setup.ts';
import type { Secrets } from './secrets.ts';

/** What is known once the infrastructure has its ports. A port is absent where the environment names a server. */
export interface Surroundings {
  env: NodeJS.ProcessEnv;
  folder: string;
  secrets: Secrets;
  jwtSecret: string | undefined;
  firstPort: number;
  natsPort: number | undefined;
  postgresPort: number | undefined;
  /** Where the page of traces listens, if there is one. */
  tracesPort?: number | undefined;
}

export interface Ports {
  internalPort: number;
  /** Where clients come in; gateways only. */
  port: number | undefined;
}

/** Variables of ours that are meant for a program: nobody is handed what is another's. */
const meantFor: Record<ProgramName, RegExp> = {
  gateway: /^(GATEWAY_\w+|JWT_\w+|AUTH_QUERY_TOKEN|DOCS|ALLOWED_ORIGINS|TRUSTED_PROXY_HOPS|MAX_\w+|RATE_LIMIT_\w+)$/,
  'chat-service': /^(CHAT_\w+|AMQP_\w+)$/,
  'message-service': /^(MESSAGE_\w+|AMQP_\w+|FILES_DIR|FILE_URL_SECRET|PUBLIC_URL|MAX_FILE_BYTES|RATE_LIMIT_EVENTS|S3_\w+|AWS_\w+)$/,
  'presence-service': /^PRESENCE_\w+$/,
  'webhook-service': /^(WEBHOOK_\w+|AMQP_\w+)$/,
};
const meantForAll = /^(LOG_\w+|NODE_\w+|OTEL_\w+|TRACES_\w+|NATS_URL|FAILPOINTS)$/;

export function environmentOf(name: ProgramName, instance: string, { internalPort, port }: Ports, around: Surroundings): Record<string, string> {
  const { env, secrets, natsPort, jwtSecret } = around;
  return {
    ...plainEnvironment(env),
    ...(name === 'message-service' ? fileDefaults(around) : {}),
    ...(name === 'webhook-service' ? { WEBHOOK_KEY: secrets.webhookKey } : {}),
    ...traceVariables(around),
    ...pick(env, (variable) => meantFor[name].test(variable) || meantForAll.test(variable)),
    ...(natsPort === undefined ? {} : { NATS_URL: natsUrl(name, secrets.nats, natsPort) }),
    ...(isService(name) ? databaseVariable(name, 'service', around) : {}),
    INTERNAL_PORT: String(internalPort),
    ...(port === undefined ? {} : { PORT: String(port) }),
    ...(name === 'gateway' && jwtSecret !== undefined ? { JWT_SECRET: jwtSecret } : {}),
    SERVICE_INSTANCE: instance,
    ...overridesFor(instance),
  };
}

/** All of them: the page keeps the latest only, and nobody looks for one that was not sampled. */
const traceVariables = ({ tracesPort }: Surroundings): Record<string, string> =>
  tracesPort === undefined
    ? {}
    : { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `http://127.0.0.1:${String(tracesPort)}/v1/traces`, OTEL_TRACES_SAMPLER_ARG: '1' };

export function migrationEnvironment(name: ServiceName, around: Surroundings): Record<string, string> {
  return {
    ...plainEnvironment(around.env),
    ...pick(around.env, (variable) => /^(LOG_|NODE_)\w+$/.test(variable)),
    ...databaseVariable(name, 'migrator', around),
  };
}

function databaseVariable(name: ServiceName, as: 'service' | 'migrator', { env, secrets, postgresPort }: Surroundings) {
  const { variable, ...roles } = databases[name];
  const given = env[variable];
  if (given) return { [variable]: given };
  if (postgresPort === undefined) throw new Error(`${variable} is not set and no Postgres was started`);
  return { [variable]: databaseUrl(roles[as], secrets.postgres[roles[as]], postgresPort, 'switchboard') };
}

const fileDefaults = ({ folder, secrets, firstPort }: Surroundings): Record<string, string> => ({
  FILES_DIR: join(folder, 'files'),
  FILE_URL_SECRET: secrets.fileUrlSecret,
  PUBLIC_URL: `http://localhost:${String(firstPort)}`,
});
