import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { observeGauge, type Point, type Spans } from '../telemetry/index.ts';
import { UnknownEvents, type ChatLog } from '../log/index.ts';
import { Leadership } from '../postgres/index.ts';
import { EventPublisher, type EventPublisherOptions } from './event-publisher.ts';
import { Publisher } from './publisher.ts';
import { RelayCursors, type RelayProgress, type UnroutedEvent } from './relay-cursors.ts';

const PAGE = 500;
/** Entries per attempt while a kind is unrouted. */
const PROBE = 10;
/** How often the log is polled when it is empty. */
const POLL_MS = 200;
const RETRY_MS = 1_000;
/** How often unrouted entries are tried again. */
const UNROUTED_RETRY_MS = 2_000;

export interface RelayOptions extends Omit<EventPublisherOptions, 'publisher'> {
  /** The URL of RabbitMQ. */
  readonly url: string;
  readonly exchange: string;
  readonly from: 'beginning' | 'now';
  readonly log: ChatLog;
  readonly schema: string;
  readonly database: DataSource;
  readonly databaseUrl: string;
  readonly spans: Spans;
  readonly logger: Logger;
}

/**
 * Relays one owner's chat log to RabbitMQ; the leader among the replicas does it. The cursor advances only
 * over confirmed entries. While RabbitMQ or Postgres is away or blocked, entries wait in the log. A crash
 * repeats at most one page.
 *
 * RabbitMQ also confirms messages that no queue receives. Such a kind is unrouted: its entries wait from
 * there on until a queue is bound. An entry that any queue received is published: a queue bound later does
 * not get it. A kind that this version does not know waits the same way for a replica that knows it.
 */
export class Relay {
  readonly #options: RelayOptions;
  readonly #cursors: RelayCursors;
  readonly #leadership: Leadership;
  readonly #publisher: Publisher;
  readonly #events: EventPublisher;
  readonly #unknown: UnknownEvents;
  readonly #ending = new AbortController();
  readonly #running: Promise<void>;
  readonly #stopObserving: readonly (() => void)[];
  /** When the first unpublished entry was appended. */
  #behindSince: Date | undefined;
  #unrouted: readonly UnroutedEvent[] = [];
  #isDraining = false;
  #unroutedTriedAt = 0;

  constructor(options: RelayOptions) {
    const { owner, schema, database, databaseUrl, log, url, exchange, logger } = options;
    this.#options = options;
    this.#cursors = new RelayCursors(database, log, schema);
    this.#leadership = new Leadership({ url: databaseUrl, name: `${schema}.relay`, logger });
    this.#publisher = new Publisher({ url, exchange, name: `${owner}-service relay`, logger });
    this.#events = new EventPublisher({ ...options, publisher: this.#publisher });
    this.#unknown = new UnknownEvents(logger);
    this.#stopObserving = this.#observe();
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#publisher.close();
    await this.#running;
    await this.#leadership.stop();
    for (const stop of this.#stopObserving) stop();
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    for (let failures = 0; ;) {
      try {
        await this.#leadership.untilHeld(signal);
        const isCaughtUp = await this.#relayPage();
        failures = 0;
        if (isCaughtUp) await sleep(POLL_MS, undefined, { signal });
      } catch (error) {
        if (signal.aborted) return;
        if (failures++ % 30 === 0)
          this.#options.logger.warn({ err: error }, 'relay: publishing events failed; they wait in the log');
        await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** Relays a page of the log or of unrouted entries. Returns whether it has caught up. */
  async #relayPage(): Promise<boolean> {
    const progress = await this.#cursors.read(this.#options.from);
    const { cursor, unrouted } = progress;
    this.#unrouted = unrouted;
    const rows = await this.#cursors.next(cursor, PAGE);
    const last = rows.at(-1);
    this.#behindSince = rows[0]?.at;
    const isDue =
      this.#isDraining || last !== undefined || Date.now() - this.#unroutedTriedAt >= UNROUTED_RETRY_MS;
    if (isDue && (await this.#relayUnrouted(progress))) return false;
    if (last !== undefined) {
      const leftOut = await this.#events.publish(
        rows,
        new Set(unrouted.map(({ event }) => event)),
        this.#ending.signal,
      );
      for (const { event } of rows) if (!this.#events.knows(event)) this.#unknown.skip(event);
      await this.#cursors.advance(last, leftOut);
      this.#report(leftOut.keys());
    }
    if (rows.length === PAGE) return false;
    this.#behindSince = undefined;
    return true;
  }

  /**
   * Tries unrouted entries of all kinds, in log order. It runs before new entries leave, so that waiting
   * ones leave first once a queue is bound. Tries `PROBE` entries at first, and pages once they leave.
   * Returns whether more may leave.
   */
  async #relayUnrouted({ cursor, unrouted }: RelayProgress): Promise<boolean> {
    const limit = this.#isDraining ? PAGE : PROBE;
    this.#isDraining = false;
    for (
      let kinds = unrouted.filter(({ event }) => this.#events.knows(event));
      kinds.length > 0 && !this.#isDraining;
    ) {
      const rows = await this.#cursors.nextUnrouted({ cursor, unrouted: kinds }, limit);
      const leftOut = await this.#events.publish(rows, new Set(), this.#ending.signal);
      const reached = rows.length < limit ? undefined : rows.at(-1);
      for (const { event } of kinds) {
        const position = leftOut.get(event) ?? reached;
        if (position === undefined) await this.#cursors.endUnrouted(event, cursor);
        else await this.#cursors.advanceUnrouted(event, position);
      }
      this.#isDraining = leftOut.size < kinds.length && (leftOut.size === 0 || reached === undefined);
      // Entries that are still unrouted may fill the page; entries of other kinds come after it.
      kinds = kinds.filter(({ event }) => !leftOut.has(event)).map((kind) => ({ ...kind, ...reached }));
    }
    this.#unroutedTriedAt = Date.now();
    return this.#isDraining;
  }

  #report(leftOut: Iterable<string>): void {
    const { exchange, logger } = this.#options;
    const known = new Set(this.#unrouted.map(({ event }) => event));
    for (const event of leftOut) {
      if (!known.has(event) && this.#events.knows(event))
        logger.warn(
          { event, exchange },
          'relay: no queue is bound for these events; they wait in the log until you bind one to the exchange',
        );
    }
  }

  #observe(): (() => void)[] {
    const ifLeading = (points: () => Point<number>[]) => () => (this.#leadership.isHeld ? points() : []);
    const secondsSince = (date: Date | undefined): number =>
      date === undefined ? 0 : Math.max(0, Date.now() - date.getTime()) / 1_000;
    return [
      observeGauge(
        'switchboard.relay.lag',
        's',
        'How long the first unpublished entry has waited for RabbitMQ; only from the leader',
        ifLeading(() => [{ labels: {}, value: secondsSince(this.#behindSince) }]),
      ),
      observeGauge('switchboard.relay.ready', '', '1 while RabbitMQ accepts events, else 0', () => [
        { labels: {}, value: this.#publisher.state === 'ready' ? 1 : 0 },
      ]),
      observeGauge(
        'switchboard.relay.unrouted',
        's',
        'How long these events have waited for a bound queue',
        ifLeading(() =>
          this.#unrouted.map(({ event, since }) => ({
            labels: { 'switchboard.event': event },
            value: secondsSince(since),
          })),
        ),
      ),
    ];
  }
}
