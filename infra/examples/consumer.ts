/**
 * How another team takes Switchboard's integration events: each once, each chat's in their order, whatever fails. It counts messages by day.
 *
 *     AMQP_URL=amqp://… DATABASE_URL=postgres://… npm run consumer -w infra              takes events until it is stopped
 *     AMQP_URL=amqp://… DATABASE_URL=postgres://… npm run consumer -w infra -- redrive   takes up again what was given up
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { CloudEvent, cloudEventOf, EVENTS_EXCHANGE, integrationEvents } from '@switchboard/shared/contracts';
import { connect, type Channel, type ConsumeMessage } from 'amqplib';
import pg from 'pg';

const QUEUE = 'analytics';
const DEAD = 'analytics.dead';
/** Leads to these two. RabbitMQ's default exchange leads to everybody's queues, which is not for us: infra/rabbitmq/README.md has our rights. */
const OWN_EXCHANGE = 'analytics';
const KEYS = ['message.created'];
/** How often an event is tried that fails by itself; then it is dead, and those behind it go on. */
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
  // Behind the last acknowledgement, which the connection's end might overtake.
  await channel.close();
  await connection.close();
  await database.end();
} else {
  await createTables();
  await channel.prefetch(PREFETCH);
  // One after the other: each chat's come in their order. What is not acknowledged comes again, to this process or its successor.
  let turn = Promise.resolve();
  await channel.consume(QUEUE, (message) => {
    // Null: the queue was deleted.
    if (message === null) process.exit(1);
    turn = turn.then(() => take(message));
  });
  // Whoever supervises this process starts it again, which is how it finds RabbitMQ again.
  connection.on('error', (error) => { console.error(error); });
  connection.on('close', () => { process.exit(1); });
  console.log('ready');
}

/**
 * The queue is replicated (quorum) and handed to one consumer at a time, so that a second process only stands by. An event that fails too often, or
 * was never one, moves to another queue, and is not lost on the way there (at-least-once; reject-publish is its condition).
 */
async function declare(channel: Channel): Promise<void> {
  await channel.assertExchange(OWN_EXCHANGE, 'direct', { durable: true });
  await channel.assertQueue(DEAD, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  await channel.assertQueue(QUEUE, {
    durable: true,
    arguments: {
      'x-queue-type': 'quorum', 'x-single-active-consumer': true, 'x-delivery-limit': TRIES - 1, 'x-overflow': 'reject-publish',
      'x-dead-letter-exchange': OWN_EXCHANGE, 'x-dead-letter-routing-key': DEAD, 'x-dead-letter-strategy': 'at-least-once',
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

async function take(message: ConsumeMessage): Promise<void> {
  try {
    await untilDone(() => once(readEvent(message), apply));
    channel.ack(message);
  } catch (error) {
    console.error(`event ${String(message.properties.messageId)} failed:`, error);
    // It comes again, counted, until the delivery limit.
    channel.nack(message);
  }
}

const readEvent = ({ content }: ConsumeMessage): CloudEvent => CloudEvent.parse(JSON.parse(content.toString()));

/** The effect and the note that it was made are one transaction: a repeat finds the note, and a crash leaves neither. */
async function once(event: CloudEvent, effect: (event: CloudEvent, transaction: pg.ClientBase) => Promise<void>): Promise<void> {
  const transaction = await database.connect();
  let failure: Error | undefined;
  try {
    await transaction.query('BEGIN');
    const { rowCount } = await transaction.query('INSERT INTO analytics.inbox (event_id) VALUES ($1) ON CONFLICT DO NOTHING', [event.id]);
    if (rowCount === 1) await effect(event, transaction);
    await transaction.query('COMMIT');
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
    throw error;
  } finally {
    // A connection that failed is not used again: its transaction ends with it.
    transaction.release(failure);
  }
}

const MessageCreated = cloudEventOf(integrationEvents['message.created']);

async function apply(event: CloudEvent, transaction: pg.ClientBase): Promise<void> {
  const { data } = MessageCreated.parse(event);
  await transaction.query('INSERT INTO analytics.day VALUES ($1::date, 1) ON CONFLICT (day) DO UPDATE SET messages = day.messages + 1', [data.createdAt]);
}

/** A database that is away is no event's fault: its turn is waited for, and nothing is counted against it. */
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

/** Whatever Postgres did not refuse for what it was asked: no answer at all, shutting down, or a conflict that passes. */
const isOutage = (error: unknown): boolean => (error instanceof pg.DatabaseError ? /^(08|53|57|40)/.test(error.code ?? '') : error instanceof Error && /connect|terminated|timeout/i.test(error.message));

/** As many as there are now: what fails again is not taken up twice. */
async function redrive(): Promise<number> {
  const { messageCount } = await channel.checkQueue(DEAD);
  for (let moved = 0; moved < messageCount; moved++) {
    const message = await channel.get(DEAD);
    if (message === false) return moved;
    // Without its headers, in which RabbitMQ counted how often it was tried.
    channel.publish(OWN_EXCHANGE, QUEUE, message.content, { persistent: true, messageId: String(message.properties.messageId), contentType: String(message.properties.contentType) });
    await channel.waitForConfirms();
    channel.ack(message);
  }
  return messageCount;
}
