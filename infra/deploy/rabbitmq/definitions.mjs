// Prints RabbitMQ's definitions for `load_definitions` or `rabbitmqctl import_definitions`. Usage:
// node infra/deploy/rabbitmq/definitions.mjs
// Permissions are allow-lists. Passwords come from the environment; the output holds only their hashes.
import { createHash, randomBytes } from 'node:crypto';

const vhost = '/';
const events = 'switchboard.events';
const webhooks = 'switchboard.webhooks';

const only = (...names) => `^(${names.join('|').replaceAll('.', '\\.')})$`;
const nothing = '^$';
/** Routing keys of one owner, as the topic `chat.*` matches them. */
const keysOf = (owner) => `^${owner}\\.[^.]+$`;

const admin = { name: 'admin', tags: ['administrator'], configure: '.*', write: '.*', read: '.*' };
/** Publishes the events of its own log. Creates and reads nothing. */
const relay = (owner) => ({
  name: `${owner}-service`,
  configure: nothing,
  write: only(events),
  read: nothing,
  topics: { write: keysOf(owner), read: nothing },
});
/** Creates, binds and consumes its own queue. Binding needs read on the exchange and write on the queue. */
const webhookService = {
  name: 'webhook-service',
  configure: only(webhooks),
  write: only(webhooks),
  read: only(webhooks, events),
};
const users = [admin, relay('chat'), relay('message'), webhookService];

const variableOf = ({ name }) => `RABBITMQ_${name.toUpperCase().replace('-', '_')}_PASSWORD`;
const passwordOf = (user) => process.env[variableOf(user)];
const missing = users.filter((user) => !passwordOf(user)).map(variableOf);
if (missing.length > 0) {
  console.error(`Each user needs a password; not set: ${missing.join(', ')}`);
  process.exit(1);
}

/** The algorithm of RabbitMQ's documentation, section "Computing Password Hash". */
function hash(password) {
  const salt = randomBytes(4);
  return Buffer.concat([salt, createHash('sha256').update(salt).update(password).digest()]).toString(
    'base64',
  );
}

const definitions = {
  vhosts: [{ name: vhost }],
  users: users.map((user) => ({
    name: user.name,
    password_hash: hash(passwordOf(user)),
    hashing_algorithm: 'rabbit_password_hashing_sha256',
    tags: user.tags ?? [],
  })),
  permissions: users.map(({ name, configure, write, read }) => ({
    user: name,
    vhost,
    configure,
    write,
    read,
  })),
  topic_permissions: users
    .filter(({ topics }) => topics)
    .map(({ name, topics }) => ({ user: name, vhost, exchange: events, ...topics })),
  exchanges: [
    { name: events, vhost, type: 'topic', durable: true, auto_delete: false, internal: false, arguments: {} },
  ],
};
console.log(JSON.stringify(definitions, undefined, 2));
