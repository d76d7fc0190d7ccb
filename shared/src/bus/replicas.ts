import type { NatsConnection } from '@nats-io/transport-node';
import type { Logger } from 'pino';
import type { Owner } from '../contracts/define.ts';
import { observeGauge, type Point } from '../telemetry/instruments.ts';
import { ANNOUNCE_EVERY_MS, decodeAnnouncement, type Announcement } from './announcement.ts';
import { ReplicaTable } from './replica-table.ts';
import { announcementSubject, probeSubject, serviceOf } from './subjects.ts';

interface Known {
  readonly table: ReplicaTable;
  /** The last announcement of each replica. */
  readonly announcements: Map<string, Announcement>;
  isFrozen: boolean;
}

export interface ReplicasOptions {
  readonly isConnected: () => boolean;
  readonly logger: Logger;
  /** Where NATS replies "no responders" to the probe of a replica. */
  readonly probeReply: (owner: Owner, replica: string) => string;
  /** Called after each judgement: a replica may have lost its lease. */
  readonly onJudged: () => void;
}

/** The replicas of the owners to which this process sends requests, by their announcements. */
export class Replicas {
  readonly #nats: NatsConnection;
  readonly #options: ReplicasOptions;
  readonly #known = new Map<Owner, Known>();
  readonly #timer: NodeJS.Timeout;
  readonly #stopObserving: () => void;

  constructor(nats: NatsConnection, options: ReplicasOptions) {
    this.#nats = nats;
    this.#options = options;
    this.#timer = setInterval(() => {
      this.#judge();
    }, ANNOUNCE_EVERY_MS).unref();
    this.#stopObserving = observeGauge(
      'switchboard.replicas',
      '{replica}',
      'Replicas of a service as this process knows them: `live` ones announce themselves, `silent` ones are frozen or stuck',
      () => this.#points(),
    );
  }

  /** Follows the announcements from the first call on. */
  of(owner: Owner): ReplicaTable {
    const known = this.#known.get(owner);
    if (known !== undefined) return known.table;
    const added: Known = { table: new ReplicaTable(), announcements: new Map(), isFrozen: false };
    this.#known.set(owner, added);
    this.#nats.subscribe(announcementSubject(owner), {
      callback: (error, message) => {
        const announcement = error === null ? decodeAnnouncement(message.string()) : undefined;
        if (announcement !== undefined) this.#receive(owner, added, announcement);
      },
    });
    return added.table;
  }

  /** NATS has no subscription of this replica. */
  gone(owner: Owner, replica: string): void {
    this.#known.get(owner)?.table.remove(replica);
    this.#known.get(owner)?.announcements.delete(replica);
  }

  /** After a reconnection: no announcement could arrive meanwhile. */
  forgive(): void {
    for (const { table } of this.#known.values()) table.forgive();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#stopObserving();
  }

  #receive(owner: Owner, known: Known, announcement: Announcement): void {
    const { replica, host, pid, leaves } = announcement;
    if (leaves === true) {
      this.gone(owner, replica);
      return;
    }
    if (known.announcements.has(replica) && !known.table.holdsLease(replica))
      this.#options.logger.warn(
        { service: serviceOf(owner), replica, host, pid },
        'replicas: a silent replica announced itself again',
      );
    known.table.announced(replica);
    known.announcements.set(replica, announcement);
  }

  #judge(): void {
    if (!this.#options.isConnected()) return;
    for (const [owner, known] of this.#known) {
      const { table } = known;
      for (const replica of table.age()) this.#reportSilent(owner, known, replica);
      for (const replica of table.suspects) this.#probe(owner, replica);
      if (table.isFrozen && !known.isFrozen)
        this.#options.logger.error(
          { service: serviceOf(owner) },
          'replicas: every replica of the service is frozen; requests to it fail until one announces itself',
        );
      known.isFrozen = table.isFrozen;
    }
    this.#options.onJudged();
  }

  #reportSilent(owner: Owner, { table, announcements }: Known, replica: string): void {
    if (table.live.length === 0) return;
    const { host, pid } = announcements.get(replica) ?? {};
    this.#options.logger.warn(
      { service: serviceOf(owner), replica, host, pid, live: table.live.length },
      'replicas: a replica fell silent; requests go to the others',
    );
  }

  #probe(owner: Owner, replica: string): void {
    try {
      this.#nats.publish(probeSubject(owner, replica), '', {
        reply: this.#options.probeReply(owner, replica),
      });
    } catch {
      // The connection is closing.
    }
  }

  *#points(): Generator<Point<number>> {
    for (const [owner, { table }] of this.#known) {
      const service = serviceOf(owner);
      yield { labels: { service, state: 'live' }, value: table.live.length };
      yield { labels: { service, state: 'silent' }, value: table.silentCount };
    }
  }
}
