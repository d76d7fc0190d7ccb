import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { observe, type Point, type Spans } from '../bus/index.ts';
import { failpoint } from '../failpoints.ts';
import type { ChatLog } from '../log/index.ts';
import { Leadership } from '../postgres/index.ts';
import { EventPublisher, type EventPublisherOptions } from './event-publisher.ts';
import { Publisher } from './publisher.ts';
import { RelayCursors, type Standing, type Unrouted } from './relay-cursors.ts';

const PAGE = 500;
const FEW = 10;
/** How long an entry waits that nobody tells of. */
const IDLE_MS = 200;
const RETRY_MS = 1_000;
/** How often it is tried whether somebody wants by now what nobody wanted. */
const UNROUTED_RETRY_MS = 2_000;

export interface RelayOptions extends Omit<EventPublisherOptions, 'publisher'> {
  /** Of RabbitMQ. */
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
 * Relays one owner's chat log to RabbitMQ. The cursor moves only over what was confirmed: while RabbitMQ or Postgres is away, or takes
 * nothing, everything waits in the log, and whoever dies in between leaves at most a page to be repeated. Of several replicas one relays.
 *
 * What RabbitMQ confirms although no queue takes it has not left: that kind of entry waits, from there on, until one does.
 */
export class Relay {
  readonly #options: RelayOptions;
  readonly #cursors: RelayCursors;
  readonly #leadership: Leadership;
  readonly #publisher: Publisher;
  readonly #events: EventPublisher;
  readonly #ending = new AbortController();
  readonly #running: Promise<void>;
  readonly #stopObserving: readonly (() => void)[];
  /** When the first entry was stored that has not left. */
  #behindSince: Date | undefined;
  #unrouted: readonly Unrouted[] = [];
  #isDraining = false;
  #unroutedTriedAt = 0;

  constructor(options: RelayOptions) {
    const { owner, schema, database, databaseUrl, log, url, exchange, logger } = options;
    this.#options = options;
    this.#cursors = new RelayCursors(database, log, schema);
    this.#leadership = new Leadership({ url: databaseUrl, name: `${schema}.relay`, logger });
    this.#publisher = new Publisher({ url, exchange, name: `${owner}-service relay`, logger });
    this.#events = new EventPublisher({ ...options, publisher: this.#publisher });
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
        const isCaughtUp = await this.#relaySome();
        failures = 0;
        if (isCaughtUp) await sleep(IDLE_MS, undefined, { signal });
      } catch (error) {
        if (signal.aborted) return;
        if (failures++ % 30 === 0) this.#options.logger.warn({ err: error }, 'events could not leave; they wait in the log');
        await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** A page of the log, or of what nobody had wanted. True: nothing is left that could leave. */
  async #relaySome(): Promise<boolean> {
    const standing = await this.#cursors.read(this.#options.from);
    const { cursor, unrouted } = standing;
    this.#unrouted = unrouted;
    const rows = await this.#cursors.next(cursor, PAGE);
    const last = rows.at(-1);
    this.#behindSince = rows[0]?.at;
    const isDue = this.#isDraining || last !== undefined || Date.now() - this.#unroutedTriedAt >= UNROUTED_RETRY_MS;
    if (isDue && await this.#relayUnrouted(standing)) return false;
    if (last !== undefined) {
      const left = await this.#events.publish(rows, new Set(unrouted.map(({ event }) => event)), this.#ending.signal);
      failpoint('relay.pageConfirmed');
      await this.#cursors.advance(last, left);
      this.#report(left.keys());
    }
    if (rows.length === PAGE) return false;
    this.#behindSince = undefined;
    return true;
  }

  /**
   * What waits for a queue, of all kinds in the order of the log: it is tried before what is new leaves, so that it leaves before that once there is a
   * queue. A few at first, and pages once they do. True: there may be more that can leave.
   */
  async #relayUnrouted({ cursor, unrouted }: Standing): Promise<boolean> {
    const limit = this.#isDraining ? PAGE : FEW;
    this.#isDraining = false;
    for (let kinds = unrouted; kinds.length > 0 && !this.#isDraining;) {
      const rows = await this.#cursors.nextUnrouted({ cursor, unrouted: kinds }, limit);
      const left = await this.#events.publish(rows, new Set(), this.#ending.signal);
      const reached = rows.length < limit ? undefined : rows.at(-1);
      for (const { event } of kinds) {
        const position = left.get(event) ?? reached;
        if (position === undefined) await this.#cursors.endUnrouted(event, cursor);
        else await this.#cursors.advanceUnrouted(event, position);
      }
      this.#isDraining = left.size < kinds.length && (left.size === 0 || reached === undefined);
      // The entries of those that have nowhere to go may fill the page; the others' are behind it.
      kinds = kinds.filter(({ event }) => !left.has(event)).map((kind) => ({ ...kind, ...reached }));
    }
    this.#unroutedTriedAt = Date.now();
    return this.#isDraining;
  }

  #report(left: Iterable<string>): void {
    const { exchange, logger } = this.#options;
    const known = new Set(this.#unrouted.map(({ event }) => event));
    for (const event of left) {
      if (!known.has(event)) logger.warn({ event }, `no queue takes these events: bind one to the exchange ${exchange}; until then they wait in the log`);
    }
  }

  #observe(): (() => void)[] {
    const ifLeading = (points: () => Point<number>[]) => () => (this.#leadership.isHeld ? points() : []);
    const secondsSince = (date: Date | undefined): number => (date === undefined ? 0 : Math.max(0, Date.now() - date.getTime()) / 1_000);
    return [
      observe('switchboard.relay.lag', 's', 'How long the first entry has waited that is to leave for RabbitMQ; by whoever relays', ifLeading(() => [{ labels: {}, value: secondsSince(this.#behindSince) }])),
      observe('switchboard.relay.ready', '', '1 while RabbitMQ takes events, else 0', () => [{ labels: {}, value: this.#publisher.state === 'ready' ? 1 : 0 }]),
      observe('switchboard.relay.unrouted', 's', 'How long these events have waited for a queue that takes them', ifLeading(() =>
        this.#unrouted.map(({ event, since }) => ({ labels: { 'switchboard.event': event }, value: secondsSince(since) })))),
    ];
  }
}
