// Prints an .env with fresh secrets for docker-compose.yml: node infra/docker/make-env.mjs > .env
import { randomBytes } from 'node:crypto';

const names = [
  'JWT_SECRET', 'FILE_URL_SECRET', 'WEBHOOK_KEY', 'POSTGRES_PASSWORD',
  ...['CHAT', 'MESSAGE', 'PRESENCE', 'WEBHOOK'].flatMap((owner) => [`${owner}_MIGRATOR_PASSWORD`, `${owner}_SERVICE_PASSWORD`]),
  ...['GATEWAY', 'CHAT_SERVICE', 'MESSAGE_SERVICE', 'PRESENCE_SERVICE', 'WEBHOOK_SERVICE'].map((user) => `NATS_${user}_PASSWORD`),
];
// Hexadecimal after a letter: safe in URLs and in the NATS configuration, where digits alone would be read as a number.
for (const name of names) console.log(`${name}=s${randomBytes(32).toString('hex')}`);
