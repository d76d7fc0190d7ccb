/**
 * Another team's consumer of Switchboard's integration events. It handles each event once and a chat's events
 * in order, through any failure, and counts messages by day. With AMQP_URL and DATABASE_URL set:
 *
 *     npm run consumer -w infra              consumes events until it is stopped
 *     npm run consumer -w infra -- redrive   moves dead letters back into the queue
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { CloudEvent, cloudEventOf, EVENTS_EXCHANGE, integrationEvents } from '@switchboard/shared/contracts';
import { connect, type Channel, type ConsumeMessage } from 'amqplib';
import pg from 'pg';

const QUEUE = 'analytics';
const DEAD = 'analytics.dead';
/**
 * Routes to these two queues. The consumer's user may not use the default exchange, which reaches every
 * queue: infra/deploy/rabbitmq/README.md.
 */
const OWN_EXCHANGE = 'analytics';
const KEYS = ['message.created'];
/** Attempts for an event that fails by itself. Then it is a dead letter, and the events behind it go on. */
const TRIES = 5;
const PREFETCH = 100;
const RETRY_MS = 1_000;

const { AMQP_URL = 'amqp://localhost', AMQP_EXCHANGE = EVENTS_EXCHANGE, DATABASE_URL } = process.env;
const database = new pg.Pool({ connectionString: DATABASE_URL, max: 2, connectionTimeoutMillis: 5_000 });
database.on('error', () => undefined);
const connection = await connect(AMQP_URL);
const channel = await connection.createConfirmChannel();
await declare(channel);

if (process.argv[2] === 'redrive') {
  console.log(`${String(await redrive())} events are back in ${QUEUE}`);
  // Waits for the last acknowledgement, which closing the connection alone could overtake.
  await channel.close();
  await connection.close();
  await database.end();
} else {
  await createTables();
  await channel.prefetch(PREFETCH);
  // Handles events one after the other, which keeps each chat's order. RabbitMQ delivers unacknowledged
  // events again, to this process or its successor.
  let handled = Promise.resolve();
  await channel.consume(QUEUE, (message) => {
    // Null means that the queue was deleted.
    if (message === null) process.exit(1);
    handled = handled.then(() => handle(message));
  });
  // The supervisor of this process restarts it, and so it reconnects to RabbitMQ.
  connection.on('error', (error) => {
    console.error(error);
  });
  connection.on('close', () => {
    process.exit(1);
  });
  console.log('ready');
}

/**
 * The queue is replicated (quorum) and has one active consumer, so a second process stands by. An event that
 * fails too often, or cannot be parsed, moves to the dead letters. at-least-once keeps it safe on the way
 * there and requires reject-publish.
 */
async function declare(channel: Channel): Promise<void> {
  await channel.assertExchange(OWN_EXCHANGE, 'direct', { durable: true });
  await channel.assertQueue(DEAD, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  await channel.assertQueue(QUEUE, {
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      'x-single-active-consumer': true,
      'x-delivery-limit': TRIES - 1,
      'x-overflow': 'reject-publish',
      'x-dead-letter-exchange': OWN_EXCHANGE,
      'x-dead-letter-routing-key': DEAD,
      'x-dead-letter-strategy': 'at-least-once',
    },
  });
  for (const queue of [QUEUE, DEAD]) await channel.bindQueue(queue, OWN_EXCHANGE, queue);
  for (const key of KEYS) await channel.bindQueue(QUEUE, AMQP_EXCHANGE, key);
}

async function createTables(): Promise<void> {
  await database.query(`
    CREATE SCHEMA IF NOT EXISTS analytics;
    CREATE TABLE IF NOT EXISTS analytics.inbox (event_id text PRIMARY KEY, taken_at timestamptz NOT NULL DEFAULT now());
    CREATE TABLE IF NOT EXISTS analytics.day (day date PRIMARY KEY, messages integer NOT NULL);
  `);
}

async function handle(message: ConsumeMessage): Promise<void> {
  try {
    await untilDone(() => once(readEvent(message), apply));
    channel.ack(message);
  } catch (error) {
    console.error(`event ${String(message.properties.messageId)} failed:`, error);
    // RabbitMQ delivers it again, up to the delivery limit.
    channel.nack(message);
  }
}

const readEvent = ({ content }: ConsumeMessage): CloudEvent =>
  CloudEvent.parse(JSON.parse(content.toString()));

/** The effect and its inbox row are one transaction: a repeat finds the row, and a crash leaves neither. */
async function once(
  event: CloudEvent,
  effect: (event: CloudEvent, transaction: pg.ClientBase) => Promise<void>,
): Promise<void> {
  const transaction = await database.connect();
  let failure: Error | undefined;
  try {
    await transaction.query('BEGIN');
    const { rowCount } = await transaction.query(
      'INSERT INTO analytics.inbox (event_id) VALUES ($1) ON CONFLICT DO NOTHING',
      [event.id],
    );
    if (rowCount === 1) await effect(event, transaction);
    await transaction.query('COMMIT');
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
    throw error;
  } finally {
    // Drops a connection that failed, which ends its transaction.
    transaction.release(failure);
  }
}

const MessageCreated = cloudEventOf(integrationEvents['message.created']);

async function apply(event: CloudEvent, transaction: pg.ClientBase): Promise<void> {
  const { data } = MessageCreated.parse(event);
  await transaction.query(
    'INSERT INTO analytics.day VALUES ($1::date, 1) ON CONFLICT (day) DO UPDATE SET messages = day.messages + 1',
    [data.createdAt],
  );
}

/** Waits while the database is away: the event is not at fault, so this counts as no attempt. */
async function untilDone(work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      if (!isOutage(error)) throw error;
      console.error('the database is away; trying again:', error instanceof Error ? error.message : error);
      await sleep(RETRY_MS);
    }
  }
}

/** Failures that are not the statement's fault: no reply, a shutdown, or a conflict that passes. */
const isOutage = (error: unknown): boolean =>
  error instanceof pg.DatabaseError
    ? /^(08|53|57|40)/.test(error.code ?? '')
    : error instanceof Error && /connect|terminated|timeout/i.test(error.message);

/** Moves as many as there are at the start, so an event that fails again is not moved twice. */
async function redrive(): Promise<number> {
  const { messageCount } = await channel.checkQueue(DEAD);
  for (let moved = 0; moved < messageCount; moved++) {
    const message = await channel.get(DEAD);
    if (message === false) return moved;
    // Drops the headers, in which RabbitMQ counted the attempts.
    channel.publish(OWN_EXCHANGE, QUEUE, message.content, {
      persistent: true,
      messageId: String(message.properties.messageId),
      contentType: String(message.properties.contentType),
    });
    await channel.waitForConfirms();
    channel.ack(message);
  }
  return messageCount;
}
