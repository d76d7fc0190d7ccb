import { z } from 'zod';

const Target = z.array(z.object({ webSocketDebuggerUrl: z.string() })).min(1);
const Evaluated = z.object({ result: z.object({ objectId: z.string() }) });
const Queried = z.object({ objects: z.object({ objectId: z.string() }) });
const Tallied = z.object({ result: z.object({ value: z.record(z.string(), z.number()) }) });
const Heap = z.object({ usedSize: z.number() });
const Answered = z.object({ id: z.number(), result: z.unknown() });

/** What a process holds on to, once what nobody holds on to is gone. */
export interface Holdings {
  readonly heapBytes: number;
  /** Live objects by the name of their class. */
  readonly instances: Readonly<Record<string, number>>;
}

/** Looks into a Node process that runs with `--inspect`, by the Chrome DevTools Protocol. Collects its garbage first. */
export async function inspect(port: number): Promise<Holdings> {
  const response = await fetch(`http://127.0.0.1:${port}/json/list`);
  const [target] = Target.parse(await response.json());
  const devTools = await DevTools.attach(target?.webSocketDebuggerUrl ?? '');
  try {
    const prototype = Evaluated.parse(await devTools.call('Runtime.evaluate', { expression: 'Object.prototype', objectGroup: 'all' }));
    const { objects } = Queried.parse(await devTools.call('Runtime.queryObjects', { prototypeObjectId: prototype.result.objectId, objectGroup: 'all' }));
    const tally = await devTools.call('Runtime.callFunctionOn', { objectId: objects.objectId, returnByValue: true, functionDeclaration: tallyByClass.toString() });
    await devTools.call('Runtime.releaseObjectGroup', { objectGroup: 'all' });
    return { heapBytes: Heap.parse(await devTools.call('Runtime.getHeapUsage')).usedSize, instances: Tallied.parse(tally).result.value };
  } finally {
    devTools.close();
  }
}

/** Runs in the other process, on an array of all its objects. Touches no getter of theirs. */
function tallyByClass(this: readonly object[]): Record<string, number> {
  const tally: Record<string, number> = {};
  for (const object of this) {
    let name: unknown;
    try {
      const prototype: unknown = Object.getPrototypeOf(object);
      const maker: unknown = Object.getOwnPropertyDescriptor(prototype ?? {}, 'constructor')?.value;
      name = typeof maker === 'function' ? maker.name : undefined;
    } catch {
      // A proxy that answers for itself.
    }
    if (typeof name === 'string' && name !== '') tally[name] = (tally[name] ?? 0) + 1;
  }
  return tally;
}

class DevTools {
  readonly #socket: WebSocket;
  readonly #asked = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const answer = Answered.safeParse(JSON.parse(String(data)));
      if (!answer.success) return;
      this.#asked.get(answer.data.id)?.resolve(answer.data.result);
      this.#asked.delete(answer.data.id);
    });
    socket.addEventListener('close', () => {
      for (const { reject } of this.#asked.values()) reject(new Error('the process is gone'));
    });
  }

  static async attach(url: string): Promise<DevTools> {
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => { reject(new Error('the process cannot be inspected')); });
    });
    return new DevTools(socket);
  }

  call(method: string, params: Record<string, unknown> = {}): Promise<unknown> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  close(): void {
    this.#socket.close();
  }
}
