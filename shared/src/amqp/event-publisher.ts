import { Counts, readTraceparent, traceparentOf, type OpenSpan, type SpanAttributes, type Spans } from '../bus/index.ts';
import { eventTypeOf, type CloudEvent, type IntegrationEvent, type RoomOwner, type RoomEventContract } from '../contracts/index.ts';
import { failpoint } from '../failpoints.ts';
import type { LoggedRow, LogPosition } from '../log/index.ts';
import type { Publisher } from './publisher.ts';

const relayed = new Counts('switchboard.relay.events', '{event}', 'Integration events that RabbitMQ has confirmed', 'switchboard.event');

export interface EventPublisherOptions {
  readonly owner: RoomOwner;
  /** All kinds of entries that the log can hold. */
  readonly events: readonly RoomEventContract[];
  /** The `data` of each of these entries, in their order. */
  readonly render: (rows: readonly LoggedRow[]) => Promise<readonly unknown[]>;
  readonly publisher: Publisher;
  /** To which it publishes. */
  readonly exchange: string;
  readonly spans: Spans;
}

/** Tells RabbitMQ of entries of a log: at least once each, a repeat under the same id, those of one chat in their order. */
export class EventPublisher {
  readonly #options: EventPublisherOptions;
  readonly #kinds: ReadonlyMap<string, IntegrationEvent>;
  /** Ids that are confirmed: what is tried again does not leave again. */
  readonly #confirmed = new Set<string>();

  constructor(options: EventPublisherOptions) {
    this.#options = options;
    this.#kinds = new Map(options.events.flatMap(({ event, integration }) => (integration === undefined ? [] : [[event, integration] as const])));
    for (const { routingKey } of this.#kinds.values()) relayed.add(0, routingKey);
  }

  /**
   * Publishes a page; chats side by side, but of one chat none before the one before it is confirmed: whatever is refused or lost
   * on the way, no queue gets them in another order. Kinds of entries in `held` are left out, and so are those from the first on that no
   * queue takes. Returns the kinds that were left out, and after which position. Throws when something was not confirmed; then the same page
   * is to be published again, of which only that leaves.
   */
  async publish(rows: readonly LoggedRow[], held: ReadonlySet<string>, signal: AbortSignal): Promise<Map<string, LogPosition>> {
    const holding = new Set(held);
    const wanted = rows.filter((row) => !holding.has(row.event) && !this.#confirmed.has(this.#idOf(row)));
    const data = await this.#options.render(wanted);
    // Of a broker that then takes no more nothing is heard: as long, each chat has one event under way.
    await this.#options.publisher.untilReady(signal);
    const ofChats = Map.groupBy(wanted.map((row, index) => ({ row, data: data[index] })), ({ row }) => row.chatId);
    const ends = await Promise.allSettled([...ofChats.values()].map(async (entries) => {
      for (const { row, data } of entries) if (!holding.has(row.event) && !(await this.#publishOne(row, data))) holding.add(row.event);
    }));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    const left = this.#leftOut(rows, holding);
    this.#confirmed.clear();
    return left;
  }

  #leftOut(rows: readonly LoggedRow[], holding: ReadonlySet<string>): Map<string, LogPosition> {
    const left = new Map<string, LogPosition>();
    for (const row of rows) {
      const { event, xact, position } = row;
      if (holding.has(event) && !left.has(event) && !this.#confirmed.has(this.#idOf(row))) left.set(event, { xact, position: position - 1 });
    }
    return left;
  }

  /** False: no queue takes it. */
  async #publishOne(row: LoggedRow, data: unknown): Promise<boolean> {
    const integration = this.#kinds.get(row.event);
    if (integration === undefined) throw new Error(`the log holds an entry of an unknown kind: ${row.event}`);
    const span = this.#spanOf(row, integration);
    const event = this.#toEvent(row, integration, span, data);
    failpoint('relay.publishing');
    try {
      const isRouted = await this.#options.publisher.publish({
        routingKey: integration.routingKey,
        content: Buffer.from(JSON.stringify(event)),
        options: {
          contentType: 'application/cloudevents+json; charset=utf-8', messageId: event.id, type: event.type, appId: event.source,
          timestamp: Math.floor(row.at.getTime() / 1_000), headers: event.traceparent === undefined ? {} : { traceparent: event.traceparent },
        },
      });
      failpoint('relay.confirmed');
      span?.end();
      if (!isRouted) return false;
      this.#confirmed.add(event.id);
      relayed.add(1, integration.routingKey);
      return true;
    } catch (error) {
      span?.end('UNAVAILABLE');
      throw error;
    }
  }

  /** Where the trace of the request goes on that made the entry, if that was recorded. */
  #spanOf({ traceparent }: LoggedRow, { routingKey }: IntegrationEvent): OpenSpan | undefined {
    const parent = readTraceparent(traceparent);
    const { spans, exchange } = this.#options;
    return parent && spans.begin(`publish ${exchange}`, 'producer', { parent, attributes: attributesOf(exchange, routingKey) });
  }

  #toEvent(row: LoggedRow, integration: IntegrationEvent, span: OpenSpan | undefined, data: unknown): CloudEvent {
    return {
      specversion: '1.0',
      id: this.#idOf(row),
      source: `/switchboard/${this.#options.owner}-service`,
      type: eventTypeOf(integration),
      subject: row.chatId,
      time: row.at.toISOString(),
      datacontenttype: 'application/json',
      sequence: row.rev.toString().padStart(10, '0'),
      traceparent: span && traceparentOf(span.trace),
      data,
    };
  }

  /** It follows from the place in the log. */
  #idOf({ chatId, rev }: LoggedRow): string {
    return `${this.#options.owner}/${chatId}/${rev.toString()}`;
  }
}

// https://opentelemetry.io/docs/specs/semconv/messaging/rabbitmq/
const attributesOf = (exchange: string, routingKey: string): SpanAttributes => ({
  'messaging.system.name': 'rabbitmq',
  'messaging.operation.type': 'send',
  'messaging.operation.name': 'publish',
  'messaging.destination.name': exchange,
  'messaging.rabbitmq.destination.routing_key': routingKey,
});
