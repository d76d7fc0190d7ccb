import type { z } from 'zod';
import type { DurableEventContract, PayloadOf } from '../contracts/define.ts';
import type { DurableEventsOf } from '../contracts/events.ts';
import type { LogEntry } from '../contracts/log.ts';
import { parse } from '../contracts/parse.ts';
import type { LogRow } from './chat-log.ts';

/** What other systems receive of an entry. */
export interface PublishedData {
  readonly data: unknown;
  /** The `rev` whose state `data` shows: the entry's own, or a later one if the fact has changed since. */
  readonly asOf: number;
}

/** The data that leaves for other systems, by the event's contract. */
export type DataOf<C extends DurableEventContract> = z.output<C['integration']['data']>;

/**
 * How an owner renders one durable event from what its log stores and from a `source` that it read for the
 * page.
 */
export interface Entry<C extends DurableEventContract, Members, Systems> {
  readonly contract: C;
  /** For members. undefined: the source lacks what this entry needs. */
  render(row: LogRow, source: Members): LogEntry | undefined;
  /** For other systems. */
  publish(row: LogRow, source: Systems): PublishedData;
}

/**
 * A service's table of contents of its log: a durable event without an entry does not compile. `Members`,
 * `Systems`: what the owner reads for a page of entries before it renders them.
 */
export type EntriesOf<T, Members = unknown, Systems = unknown> = {
  readonly [N in keyof DurableEventsOf<T>]: T[N] extends DurableEventContract
    ? Entry<T[N], Members, Systems>
    : never;
};

/** Any service's table. */
export type AnyEntries<Members, Systems> = Readonly<
  Record<string, Entry<DurableEventContract, Members, Systems>>
>;

/**
 * An entry whose stored payload is what members and other systems receive, with the fields that only a newer
 * version knows.
 */
export const asStored = <C extends DurableEventContract>(
  contract: C & (PayloadOf<C> extends DataOf<C> ? unknown : never),
): Entry<C, unknown, unknown> => ({
  contract,
  render: ({ rev, payload }) => ({
    event: contract.event,
    rev,
    author: contract.author(parse(contract.payload, payload)),
    payload,
  }),
  publish: ({ rev, payload }) => ({ data: payload, asOf: rev }),
});

/** The table's entry for a row; undefined for a kind that this version does not know. */
export const entryFor = <T extends object>(entries: T, event: string): T[keyof T] | undefined =>
  isKeyOf(entries, event) ? entries[event] : undefined;

const isKeyOf = <T extends object>(entries: T, name: PropertyKey): name is keyof T =>
  Object.hasOwn(entries, name);
