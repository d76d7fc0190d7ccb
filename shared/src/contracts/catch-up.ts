import type { PayloadOf, RoomEventContract } from './define.ts';
import type { LogEntry } from './log.ts';
import { parse } from './parse.ts';

/** The lists of `joinedChat` in which a returning socket catches up on these events. */
export type CatchUpLists<T> = {
  [
    N in keyof T as T[N] extends { catchUp: infer L extends string } ? L : never
  ]: T[N] extends RoomEventContract ? PayloadOf<T[N]>[] : never;
};

/**
 * Sorts missed entries into those lists. Each payload is one that its schema accepts, with the fields that
 * only a newer version knows.
 */
export function catchUpLists<T extends Record<string, RoomEventContract>>(
  events: T,
  missed: readonly LogEntry[],
): CatchUpLists<T> {
  const lists = new Map<string, unknown[]>();
  const kinds = new Map(
    Object.values<RoomEventContract>(events).map((contract) => [contract.event, contract]),
  );
  for (const { catchUp } of kinds.values()) if (catchUp !== undefined) lists.set(catchUp, []);
  for (const { event, payload } of missed) {
    const { catchUp, payload: schema } = kinds.get(event) ?? {};
    if (catchUp === undefined || schema === undefined) continue;
    parse(schema, payload);
    lists.get(catchUp)?.push(payload);
  }
  return Object.fromEntries(lists) as unknown as CatchUpLists<T>;
}
