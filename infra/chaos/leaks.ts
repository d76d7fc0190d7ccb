import type { Holdings } from './inspector.ts';

/** What each process holds, by the name of the instance. */
export type Inventory = ReadonlyMap<string, Holdings>;

const MIB = 2 ** 20;

/**
 * How many instances a process may hold beyond its base line once everybody has left, by class. What belongs to a socket, a
 * chat or a request must be gone to the last; connections to Postgres, and the timers that go with them, come and go with
 * the pool. A leak would be counted in hundreds: one for every send, join or visitor.
 */
const ALLOWED: Readonly<Record<string, number>> = {
  Room: 0, Follower: 0, Joining: 0, Lanes: 0, SubscriptionImpl: 0,
  Socket: 30, Timeout: 60, Promise: 300,
};
/** Compiled code and statements prepared once. */
const ALLOWED_HEAP_BYTES = 6 * MIB;

/** What stayed behind, as sentences. */
export const leaks = (before: Inventory, after: Inventory): string[] =>
  [...after].flatMap(([instance, { heapBytes, instances }]) => {
    const base = before.get(instance);
    if (base === undefined) return [`${instance} was not there before`];
    const objects = Object.entries(ALLOWED).flatMap(([name, allowed]) => {
      const [had, has] = [base.instances[name] ?? 0, instances[name] ?? 0];
      return has > had + allowed ? [`${instance} holds ${has} instances of ${name}, ${had} at first`] : [];
    });
    const grown = heapBytes > base.heapBytes + ALLOWED_HEAP_BYTES;
    return [...objects, ...(grown ? [`${instance} holds ${mib(heapBytes)}, ${mib(base.heapBytes)} at first`] : [])];
  });

const mib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;
