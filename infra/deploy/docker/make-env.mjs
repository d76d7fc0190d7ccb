// Prints the secrets that docker-compose.yml requires and that .env in the current folder lacks. Usage:
// node infra/deploy/docker/make-env.mjs >> .env
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

const names = [
  'JWT_SECRET',
  'FILE_URL_SECRET',
  'WEBHOOK_KEY',
  'POSTGRES_PASSWORD',
  'GRAFANA_ADMIN_PASSWORD',
  ...['CHAT', 'MESSAGE', 'PRESENCE', 'WEBHOOK'].flatMap((owner) => [
    `${owner}_MIGRATOR_PASSWORD`,
    `${owner}_SERVICE_PASSWORD`,
  ]),
  ...['GATEWAY', 'CHAT_SERVICE', 'MESSAGE_SERVICE', 'PRESENCE_SERVICE', 'WEBHOOK_SERVICE'].map(
    (user) => `NATS_${user}_PASSWORD`,
  ),
  ...['ADMIN', 'CHAT_SERVICE', 'MESSAGE_SERVICE', 'WEBHOOK_SERVICE'].map(
    (user) => `RABBITMQ_${user}_PASSWORD`,
  ),
];

function readEnv() {
  try {
    return readFileSync('.env', 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return '';
    throw error;
  }
}

const before = readEnv();
const isThere = (name) => new RegExp(`^${name}=.`, 'm').test(before);
if (before !== '' && !before.endsWith('\n')) console.log();
// A letter and hexadecimal digits: safe in URLs, and in the NATS configuration, which parses digits alone as
// a number.
for (const name of names) if (!isThere(name)) console.log(`${name}=s${randomBytes(32).toString('hex')}`);
