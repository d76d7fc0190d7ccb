import { z } from 'zod';

const Target = z.array(z.object({ webSocketDebuggerUrl: z.string() })).min(1);
const Evaluated = z.object({ result: z.object({ objectId: z.string() }) });
const Queried = z.object({ objects: z.object({ objectId: z.string() }) });
const Counted = z.object({ result: z.object({ value: z.record(z.string(), z.number()) }) });
const Heap = z.object({ usedSize: z.number() });
const Reply = z.object({ id: z.number(), result: z.unknown() });

/** What a process holds after garbage collection. */
export interface Holdings {
  readonly heapBytes: number;
  /** Live objects by the name of their class; 0 for a class that is defined and has none. */
  readonly instances: Readonly<Record<string, number>>;
}

/** Inspects a Node process that runs with `--inspect`, by the Chrome DevTools Protocol. Collects garbage. */
export async function inspect(port: number): Promise<Holdings> {
  const response = await fetch(`http://127.0.0.1:${port}/json/list`);
  const [target] = Target.parse(await response.json());
  const devTools = await DevTools.attach(target?.webSocketDebuggerUrl ?? '');
  try {
    const prototype = Evaluated.parse(
      await devTools.call('Runtime.evaluate', { expression: 'Object.prototype', objectGroup: 'all' }),
    );
    const { objects } = Queried.parse(
      await devTools.call('Runtime.queryObjects', {
        prototypeObjectId: prototype.result.objectId,
        objectGroup: 'all',
      }),
    );
    const counted = await devTools.call('Runtime.callFunctionOn', {
      objectId: objects.objectId,
      returnByValue: true,
      functionDeclaration: countByClass.toString(),
    });
    await devTools.call('Runtime.releaseObjectGroup', { objectGroup: 'all' });
    return {
      heapBytes: Heap.parse(await devTools.call('Runtime.getHeapUsage')).usedSize,
      instances: Counted.parse(counted).result.value,
    };
  } finally {
    devTools.close();
  }
}

/** Runs in the inspected process, on an array of all its objects. Calls none of their getters. */
function countByClass(this: readonly object[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const object of this) {
    try {
      const prototype: unknown = Object.getPrototypeOf(object);
      const made: unknown = Object.getOwnPropertyDescriptor(prototype ?? {}, 'constructor')?.value;
      if (typeof made === 'function') counts[made.name] = (counts[made.name] ?? 0) + 1;
      const own: unknown = Object.getOwnPropertyDescriptor(object, 'constructor')?.value;
      if (typeof own === 'function' && own.prototype === object) counts[own.name] ??= 0;
    } catch {
      // A proxy whose traps throw.
    }
  }
  return counts;
}

class DevTools {
  readonly #socket: WebSocket;
  readonly #pending = new Map<
    number,
    { resolve: (result: unknown) => void; reject: (error: Error) => void }
  >();
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const reply = Reply.safeParse(JSON.parse(String(data)));
      if (!reply.success) return;
      this.#pending.get(reply.data.id)?.resolve(reply.data.result);
      this.#pending.delete(reply.data.id);
    });
    socket.addEventListener('close', () => {
      for (const { reject } of this.#pending.values()) reject(new Error('the inspected process has ended'));
    });
  }

  static async attach(url: string): Promise<DevTools> {
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => {
        reject(new Error('the process cannot be inspected'));
      });
    });
    return new DevTools(socket);
  }

  call(method: string, params: Record<string, unknown> = {}): Promise<unknown> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  close(): void {
    this.#socket.close();
  }
}
