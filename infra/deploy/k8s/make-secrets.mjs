// Prints every Secret of a first installation, with new random passwords. Usage:
// node infra/deploy/k8s/make-secrets.mjs | kubectl create -f -
// `create` never changes an existing Secret and, unlike `apply`, keeps no second copy in an annotation.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';

// Starts with a letter: nats-server parses a variable of digits alone as a number.
const fresh = () => `s${randomBytes(32).toString('hex')}`;
const upper = (name) => name.toUpperCase().replaceAll('-', '_');

const services = ['chat-service', 'message-service', 'presence-service', 'webhook-service'];
const withEvents = ['chat-service', 'message-service', 'webhook-service'];
const own = { 'message-service': ['FILE_URL_SECRET'], 'webhook-service': ['WEBHOOK_KEY'] };

const nats = Object.fromEntries(['gateway', ...services].map((user) => [user, fresh()]));
const amqp = Object.fromEntries(withEvents.map((user) => [user, fresh()]));
const postgres = Object.fromEntries(
  services.flatMap((service) => {
    const owner = service.replace('-service', '');
    return [
      [`${owner}_service`, fresh()],
      [`${owner}_migrator`, fresh()],
    ];
  }),
);

/** Runs definitions.mjs, which reads the passwords from its environment and prints their hashes. */
function definitions() {
  const passwords = {
    RABBITMQ_ADMIN_PASSWORD: fresh(),
    ...Object.fromEntries(withEvents.map((user) => [`RABBITMQ_${upper(user)}_PASSWORD`, amqp[user]])),
  };
  const script = fileURLToPath(new URL('../rabbitmq/definitions.mjs', import.meta.url));
  return {
    admin: passwords.RABBITMQ_ADMIN_PASSWORD,
    json: execFileSync(process.execPath, [script], { env: passwords, encoding: 'utf8' }),
  };
}

const secret = (metadata, stringData, type = 'Opaque') => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata,
  type,
  stringData,
});
const ofServices = (name, stringData) => secret({ name, namespace: 'switchboard' }, stringData);
const ofPlatform = (name, stringData) => secret({ name, namespace: 'switchboard-platform' }, stringData);
/** The label makes CloudNativePG apply later changes of the Secret. */
const ofRole = (username, password) =>
  secret(
    {
      name: `postgres-${username.replace('_', '-')}`,
      namespace: 'switchboard-platform',
      labels: { 'cnpg.io/reload': 'true' },
    },
    { username, password },
    'kubernetes.io/basic-auth',
  );

const { admin, json } = definitions();
const secrets = [
  ofServices('gateway', { NATS_PASSWORD: nats.gateway, JWT_SECRET: fresh() }),
  ...services.flatMap((service) => {
    const owner = service.replace('-service', '');
    return [
      ofServices(service, {
        NATS_PASSWORD: nats[service],
        DATABASE_PASSWORD: postgres[`${owner}_service`],
        ...(amqp[service] ? { AMQP_PASSWORD: amqp[service] } : {}),
        ...Object.fromEntries((own[service] ?? []).map((key) => [key, fresh()])),
      }),
      ofServices(`${service}-migration`, { DATABASE_PASSWORD: postgres[`${owner}_migrator`] }),
    ];
  }),
  ofPlatform(
    'nats',
    Object.fromEntries(
      Object.entries(nats).map(([user, password]) => [`NATS_${upper(user)}_PASSWORD`, password]),
    ),
  ),
  ...Object.entries(postgres).map(([username, password]) => ofRole(username, password)),
  ofPlatform('rabbitmq-definitions', { 'definitions.json': json }),
  ofPlatform('rabbitmq-admin', { username: 'admin', password: admin }),
];
console.log(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: secrets }, undefined, 2));
