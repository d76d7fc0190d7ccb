// Prints RabbitMQ's definitions, for `load_definitions` or `rabbitmqctl import_definitions`: node infra/rabbitmq/definitions.mjs
// Who may do what is a list of what is allowed. Passwords come from the environment and leave as hashes.
import { createHash, randomBytes } from 'node:crypto';

const vhost = '/';
const events = 'switchboard.events';
const webhooks = 'switchboard.webhooks';

const only = (...names) => `^(${names.join('|').replaceAll('.', '\\.')})$`;
const nothing = '^$';
/** Routing keys of one owner, as the topic `chat.*` matches them. */
const keysOf = (owner) => `^${owner}\\.[^.]+$`;

const admin = { name: 'admin', tags: ['administrator'], configure: '.*', write: '.*', read: '.*' };
/** Tells of its own log, and neither makes nor reads anything. */
const relay = (owner) => ({ name: `${owner}-service`, configure: nothing, write: only(events), read: nothing, topics: { write: keysOf(owner), read: nothing } });
/** Makes its own queue, binds it (the right to read the exchange, and to write to the queue) and takes what is in it. */
const webhookService = { name: 'webhook-service', configure: only(webhooks), write: only(webhooks), read: only(webhooks, events) };
const users = [admin, relay('chat'), relay('message'), webhookService];

const variableOf = ({ name }) => `RABBITMQ_${name.toUpperCase().replace('-', '_')}_PASSWORD`;
const passwordOf = (user) => process.env[variableOf(user)];
const missing = users.filter((user) => !passwordOf(user)).map(variableOf);
if (missing.length > 0) {
  console.error(`Each user needs a password; not set: ${missing.join(', ')}`);
  process.exit(1);
}

/** As RabbitMQ documents it under "Computing Password Hash". */
function hash(password) {
  const salt = randomBytes(4);
  return Buffer.concat([salt, createHash('sha256').update(salt).update(password).digest()]).toString('base64');
}

const definitions = {
  vhosts: [{ name: vhost }],
  users: users.map((user) => ({ name: user.name, password_hash: hash(passwordOf(user)), hashing_algorithm: 'rabbit_password_hashing_sha256', tags: user.tags ?? [] })),
  permissions: users.map(({ name, configure, write, read }) => ({ user: name, vhost, configure, write, read })),
  topic_permissions: users.filter(({ topics }) => topics).map(({ name, topics }) => ({ user: name, vhost, exchange: events, ...topics })),
  exchanges: [{ name: events, vhost, type: 'topic', durable: true, auto_delete: false, internal: false, arguments: {} }],
};
console.log(JSON.stringify(definitions, undefined, 2));
