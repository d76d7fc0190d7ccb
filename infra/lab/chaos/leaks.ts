import type { Holdings } from './inspector.ts';

/** What each process holds, by the name of the instance. */
export type Inventory = ReadonlyMap<string, Holdings>;

interface Counted {
  /** The name of the class in the heap. */
  readonly name: string;
  /** Programs that hold instances of it under load; all when absent. */
  readonly in?: readonly string[];
  /** Instances live so briefly that there may be none at a given moment. */
  readonly isBrief?: boolean;
  /** How many more instances than before the load a process may hold once every client has left. */
  readonly allowed: number;
}

/**
 * The classes that are counted. Instances that belong to a socket, a chat or a request must be gone
 * completely. Connections to Postgres and their timers come and go with the pool. A leak shows as hundreds of
 * instances: one for every send, join or visitor. Rename a class here as well: `uncounted` complains until
 * then.
 */
const COUNTED: readonly Counted[] = [
  { name: 'Room', in: ['gateway'], allowed: 0 },
  { name: 'Follower', in: ['gateway'], allowed: 0 },
  { name: 'Joining', in: ['gateway'], isBrief: true, allowed: 0 },
  { name: 'ChatQueues', in: ['gateway'], allowed: 0 },
  { name: 'SubscriptionImpl', allowed: 0 },
  { name: 'Socket', allowed: 30 },
  { name: 'Timeout', allowed: 60 },
  { name: 'Promise', allowed: 300 },
];

const MIB = 2 ** 20;
/** Room for compiled code and for statements that are prepared once. */
const ALLOWED_HEAP_BYTES = 6 * MIB;

/** Returns a sentence for each resource that a process still holds. */
export function leaks(before: Inventory, after: Inventory): string[] {
  if (after.size === 0) return ['no process was inspected for leaks'];
  return [...after].flatMap(([instance, { heapBytes, instances }]) => {
    const base = before.get(instance);
    if (base === undefined) return [`${instance} was not inspected before the load`];
    const objects = COUNTED.flatMap(({ name, allowed }) => {
      const [had, has] = [base.instances[name] ?? 0, instances[name] ?? 0];
      return has > had + allowed ? [`${instance} holds ${has} instances of ${name}, ${had} at first`] : [];
    });
    const hasGrown = heapBytes > base.heapBytes + ALLOWED_HEAP_BYTES;
    return [
      ...objects,
      ...(hasGrown ? [`${instance} holds ${mib(heapBytes)}, ${mib(base.heapBytes)} at first`] : []),
    ];
  });
}

/** Reports classes without an instance while clients are joined, because their leaks would not be seen. */
export function uncounted(whileJoined: Inventory): string[] {
  if (whileJoined.size === 0) return ['no process was inspected while clients were joined'];
  return [...whileJoined].flatMap(([instance, { instances }]) =>
    COUNTED.filter((counted) => counted.in?.includes(programOf(instance)) ?? true).flatMap(
      ({ name, isBrief = false }) => {
        const count = instances[name];
        if (count === undefined) return [`${instance} has no class ${name}; update COUNTED in leaks.ts`];
        return count === 0 && !isBrief ? [`${instance} holds no ${name} while clients are joined`] : [];
      },
    ),
  );
}

const programOf = (instance: string): string => instance.replace(/-\d+$/, '');
const mib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;
