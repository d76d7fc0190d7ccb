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
export const catchUpLists = <T extends Record<string, RoomEventContract>>(
  events: T,
  missed: readonly LogEntry[],
): CatchUpLists<T> =>
  Object.fromEntries(
    Object.values<RoomEventContract>(events).flatMap((contract) =>
      contract.catchUp === undefined ? [] : [[contract.catchUp, payloadsOf(contract, missed)]],
    ),
  ) as unknown as CatchUpLists<T>;

function payloadsOf({ event, payload: schema }: RoomEventContract, entries: readonly LogEntry[]): unknown[] {
  return entries.flatMap(({ event: name, payload }) => {
    if (name !== event) return [];
    parse(schema, payload);
    return [payload];
  });
}
