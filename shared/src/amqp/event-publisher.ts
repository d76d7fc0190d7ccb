import {
  Counter,
  readTraceparent,
  traceparentOf,
  type OpenSpan,
  type SpanAttributes,
  type Spans,
} from '../telemetry/index.ts';
import {
  eventTypeOf,
  type CloudEvent,
  type IntegrationEvent,
  type RoomOwner,
  type DurableEventContract,
} from '../contracts/index.ts';
import type { PositionedRow, LogPosition, PublishedData } from '../log/index.ts';
import type { Publisher } from './publisher.ts';

const relayed = new Counter(
  'switchboard.relay.events',
  '{event}',
  'Integration events that RabbitMQ has confirmed',
  'switchboard.event',
);

export interface EventPublisherOptions {
  readonly owner: RoomOwner;
  /** Every event kind of the log. */
  readonly events: readonly DurableEventContract[];
  /** What leaves of each of these entries, in their order. */
  readonly render: (rows: readonly PositionedRow[]) => Promise<readonly PublishedData[]>;
  readonly publisher: Publisher;
  /** The exchange it publishes to. */
  readonly exchange: string;
  readonly spans: Spans;
}

/** Publishes log entries to RabbitMQ: at least once each, repeats under the same id, in order per chat. */
export class EventPublisher {
  readonly #options: EventPublisherOptions;
  readonly #kinds: ReadonlyMap<string, IntegrationEvent>;
  /** Confirmed ids, which a retry of the page does not publish again. */
  readonly #confirmed = new Set<string>();

  constructor(options: EventPublisherOptions) {
    this.#options = options;
    this.#kinds = new Map(options.events.map(({ event, integration }) => [event, integration]));
    for (const { routingKey } of this.#kinds.values()) relayed.add(0, routingKey);
  }

  /** Whether this version knows this event kind. */
  knows(event: string): boolean {
    return this.#kinds.has(event);
  }

  /**
   * Publishes a page: chats in parallel, the entries of one chat one after the other, each after the
   * confirm of the previous one. So no queue receives them out of order, even when messages are rejected or
   * lost. Leaves out kinds in `held`, unknown kinds, and each kind from its first entry that no queue
   * receives. Returns the left-out kinds with the position after which they wait. Throws when an entry was
   * not confirmed: publish the same page again, and only the unconfirmed entries leave.
   */
  async publish(
    rows: readonly PositionedRow[],
    held: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<Map<string, LogPosition>> {
    const holding = new Set(held);
    for (const { event } of rows) if (!this.knows(event)) holding.add(event);
    const wanted = rows.filter((row) => !holding.has(row.event) && !this.#confirmed.has(this.#idOf(row)));
    const published = await this.#options.render(wanted);
    // A broker that blocks after this confirms nothing: until then each chat has one unconfirmed event.
    await this.#options.publisher.untilReady(signal);
    const ofChats = Map.groupBy(
      wanted.flatMap((row, index) => {
        const data = published[index];
        return data === undefined ? [] : [{ row, data }];
      }),
      ({ row }) => row.chatId,
    );
    const ends = await Promise.allSettled(
      [...ofChats.values()].map(async (entries) => {
        for (const { row, data } of entries)
          if (!holding.has(row.event) && !(await this.#publishOne(row, data))) holding.add(row.event);
      }),
    );
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    const leftOut = this.#leftOut(rows, holding);
    this.#confirmed.clear();
    return leftOut;
  }

  #leftOut(rows: readonly PositionedRow[], holding: ReadonlySet<string>): Map<string, LogPosition> {
    const leftOut = new Map<string, LogPosition>();
    for (const row of rows) {
      const { event, xact, position } = row;
      if (holding.has(event) && !leftOut.has(event) && !this.#confirmed.has(this.#idOf(row)))
        leftOut.set(event, { xact, position: position - 1 });
    }
    return leftOut;
  }

  /** False: no queue is bound. */
  async #publishOne(row: PositionedRow, data: PublishedData): Promise<boolean> {
    const integration = this.#kinds.get(row.event);
    if (integration === undefined) return false;
    const span = this.#spanOf(row, integration);
    const event = this.#toEvent(row, integration, span, data);
    try {
      const isRouted = await this.#options.publisher.publish({
        routingKey: integration.routingKey,
        content: Buffer.from(JSON.stringify(event)),
        options: {
          contentType: 'application/cloudevents+json; charset=utf-8',
          messageId: event.id,
          type: event.type,
          appId: event.source,
          timestamp: Math.floor(row.at.getTime() / 1_000),
          headers: event.traceparent === undefined ? {} : { traceparent: event.traceparent },
        },
      });
      span?.end();
      if (!isRouted) return false;
      this.#confirmed.add(this.#idOf(row));
      relayed.add(1, integration.routingKey);
      return true;
    } catch (error) {
      span?.end('UNAVAILABLE');
      throw error;
    }
  }

  /** Continues the trace of the request that appended the entry, if it was recorded. */
  #spanOf({ traceparent }: PositionedRow, { routingKey }: IntegrationEvent): OpenSpan | undefined {
    const parent = readTraceparent(traceparent);
    const { spans, exchange } = this.#options;
    return (
      parent &&
      spans.begin(`publish ${exchange}`, 'producer', {
        parent,
        attributes: attributesOf(exchange, routingKey),
      })
    );
  }

  #toEvent(
    row: PositionedRow,
    integration: IntegrationEvent,
    span: OpenSpan | undefined,
    { data, asOf }: PublishedData,
  ): CloudEvent {
    return {
      specversion: '1.0',
      id: asOf === row.rev ? this.#idOf(row) : `${this.#idOf(row)}@${asOf.toString()}`,
      source: `/switchboard/${this.#options.owner}-service`,
      type: eventTypeOf(integration),
      subject: row.chatId,
      time: row.at.toISOString(),
      datacontenttype: 'application/json',
      sequence: sequenceOf(row.rev),
      stateof: asOf === row.rev ? undefined : sequenceOf(asOf),
      traceparent: span && traceparentOf(span.trace),
      data,
    };
  }

  /**
   * Derived from the entry's place in the log, so that a repeat has the same id. One id never has two bodies:
   * a newer state extends it.
   */
  #idOf({ chatId, rev }: PositionedRow): string {
    return `${this.#options.owner}/${chatId}/${rev.toString()}`;
  }
}

const sequenceOf = (rev: number): string => rev.toString().padStart(10, '0');

// https://opentelemetry.io/docs/specs/semconv/messaging/rabbitmq/
const attributesOf = (exchange: string, routingKey: string): SpanAttributes => ({
  'messaging.system.name': 'rabbitmq',
  'messaging.operation.type': 'send',
  'messaging.operation.name': 'publish',
  'messaging.destination.name': exchange,
  'messaging.rabbitmq.destination.routing_key': routingKey,
});
