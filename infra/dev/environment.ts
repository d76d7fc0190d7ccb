import { join } from 'node:path';
import { pick, plainEnvironment } from './processes/command.ts';
import { databases, isService, type ProgramName, type ServiceName } from './topology/names.ts';
import { natsUrl } from './processes/nats.ts';
import { overridesFor } from './overrides.ts';
import { fromWorkingFolder } from './settings.ts';
import { databaseUrl } from './processes/postgres-setup.ts';
import type { Secrets } from './secrets.ts';

/** The input of every environment. A port is undefined when the environment names a server of its own. */
export interface Surroundings {
  env: NodeJS.ProcessEnv;
  folder: string;
  secrets: Secrets;
  jwtSecret: string | undefined;
  firstPort: number;
  natsPort: number | undefined;
  postgresPort: number | undefined;
  /** The port of the trace page, if it runs. */
  tracesPort?: number | undefined;
}

export interface Ports {
  internalPort: number;
  /** The public port; gateways only. */
  port: number | undefined;
}

/** The variables that each program receives. No program receives those of another. */
const variablesOf: Record<ProgramName, RegExp> = {
  gateway:
    /^(GATEWAY_\w+|JWT_\w+|AUTH_QUERY_TOKEN|DOCS|WEBHOOKS|ALLOWED_ORIGINS|TRUSTED_PROXY_HOPS|MAX_(?!OPEN_CHATS)\w+|RATE_LIMIT_\w+)$/,
  'chat-service': /^(CHAT_\w+|AMQP_\w+|MAX_OPEN_CHATS)$/,
  'message-service':
    /^(MESSAGE_\w+|AMQP_\w+|FILES_DIR|FILE_URL_SECRET(_ALSO)?|INTERNAL_URL|PUBLIC_URL|EDIT_WINDOW_S|MAX_FILE_BYTES|RATE_LIMIT_EVENTS|S3_\w+|AWS_\w+)$/,
  'presence-service': /^PRESENCE_\w+$/,
  'webhook-service': /^(WEBHOOK_\w+|AMQP_\w+)$/,
};
const variablesOfAll = /^(LOG_\w+|NODE_\w+|OTEL_\w+|TRACES_\w+|NATS_URL)$/;
/** How programs log in to the server of NATS_URL. */
export const natsLogin = /^NATS_(TOKEN|NKEY_SEED|CREDS|TLS_\w+?)(_FILE)?$/;

export function environmentOf(
  name: ProgramName,
  instance: string,
  { internalPort, port }: Ports,
  around: Surroundings,
): Record<string, string> {
  const { env, secrets, natsPort, jwtSecret } = around;
  const given = pick(
    env,
    (variable) =>
      variablesOf[name].test(variable) ||
      variablesOfAll.test(variable) ||
      (natsPort === undefined && natsLogin.test(variable)),
  );
  return {
    ...plainEnvironment(env),
    ...(name === 'message-service' ? fileDefaults(around) : {}),
    ...(name === 'webhook-service' ? { WEBHOOK_KEY: secrets.webhookKey } : {}),
    // Without RabbitMQ webhook-service is left out.
    ...(name === 'gateway' && !env['AMQP_URL'] ? { WEBHOOKS: 'false' } : {}),
    ...traceVariables(around),
    ...given,
    // Programs run in the folder /.
    ...(given['FILES_DIR'] ? { FILES_DIR: fromWorkingFolder(env, given['FILES_DIR']) } : {}),
    ...(natsPort === undefined ? {} : { NATS_URL: natsUrl(name, secrets.nats, natsPort) }),
    ...(isService(name) ? databaseVariable(name, 'service', around) : {}),
    INTERNAL_PORT: String(internalPort),
    ...(port === undefined ? {} : { PORT: String(port) }),
    ...(name === 'gateway' && jwtSecret !== undefined ? { JWT_SECRET: jwtSecret } : {}),
    SERVICE_INSTANCE: instance,
    ...overridesFor(instance),
  };
}

/** Samples every trace, since the trace page is for development and keeps only the latest. */
const traceVariables = ({ tracesPort, env }: Surroundings): Record<string, string> =>
  tracesPort === undefined
    ? {}
    : {
        ...(env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ? {} : toPage(tracesPort)),
        OTEL_TRACES_SAMPLER_ARG: '1',
      };

/** The page reads only JSON, whatever protocol the environment names for other receivers. */
const toPage = (port: number): Record<string, string> => ({
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `http://127.0.0.1:${String(port)}/v1/traces`,
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
});

export function migrationEnvironment(name: ServiceName, around: Surroundings): Record<string, string> {
  return {
    ...plainEnvironment(around.env),
    ...pick(around.env, (variable) => /^(LOG_|NODE_)\w+$/.test(variable)),
    ...databaseVariable(name, 'migrator', around),
  };
}

function databaseVariable(
  name: ServiceName,
  as: 'service' | 'migrator',
  { env, secrets, postgresPort }: Surroundings,
) {
  const { variable, ...roles } = databases[name];
  const given = env[variable];
  if (given) return { [variable]: given };
  if (postgresPort === undefined) throw new Error(`${variable} is not set, and no Postgres was started`);
  return { [variable]: databaseUrl(roles[as], secrets.postgres[roles[as]], postgresPort, 'switchboard') };
}

const fileDefaults = ({ folder, secrets, firstPort }: Surroundings): Record<string, string> => ({
  FILES_DIR: join(folder, 'files'),
  FILE_URL_SECRET: secrets.fileUrlSecret,
  PUBLIC_URL: `http://localhost:${String(firstPort)}`,
});
