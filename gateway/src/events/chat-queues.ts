import { Failure } from '@switchboard/shared/errors';

interface Task {
  readonly kind: string;
  readonly isPipelined: boolean;
  /** It is a part of a batch. */
  readonly isPart: boolean;
  readonly start: () => Promise<void>;
  /** While it waits. */
  timer: NodeJS.Timeout | undefined;
}

interface Queue {
  readonly waiting: Task[];
  running: number;
}

/** Tasks of one socket that may wait. */
const MAX_WAITING = 100;
/** Parts of its batches that may wait, beside the other tasks. */
const MAX_WAITING_PARTS = 1_000;
/** A part may wait so many times as long as another task: to send it again costs more. */
const PATIENCE_OF_PARTS = 2;

/**
 * The queues of one socket, one per chat. Invariant: the tasks of a chat run in the order in which they came,
 * so that a message sent after a join finds the room joined. Pipelined tasks of one kind that wait together
 * start together, in one tick. All queues together run at most `maxRunning` tasks. Parts of batches take at
 * most half of these places, so that a long batch delays no other chat.
 */
export class ChatQueues {
  readonly #maxWaitMs: number;
  readonly #maxRunning: number;
  /** Only queues with tasks; the queue that has waited longest comes first. */
  #queues: Map<string, Queue> | undefined;
  #waiting = 0;
  #waitingParts = 0;
  #running = 0;
  #runningParts = 0;

  /** `maxWaitMs`: how long a task may wait to start. */
  constructor(maxWaitMs: number, maxRunning: number) {
    this.#maxWaitMs = maxWaitMs;
    this.#maxRunning = maxRunning;
  }

  /** As many tasks wait as may run. */
  get isCrowded(): boolean {
    return this.#waiting >= this.#maxRunning;
  }

  /** Throws BUSY when too many tasks wait, or when this one waited too long. Then it never starts. */
  run<Result>(key: string, kind: string, isPipelined: boolean, work: () => Promise<Result>): Promise<Result> {
    if (this.#waiting >= MAX_WAITING) return Promise.reject(new Failure('BUSY'));
    return this.#run(key, { kind, isPipelined, isPart: false }, work);
  }

  /** The same for a part of a batch. */
  runPart<Result>(key: string, kind: string, work: () => Promise<Result>): Promise<Result> {
    if (this.#waitingParts >= MAX_WAITING_PARTS) return Promise.reject(new Failure('BUSY'));
    return this.#run(key, { kind, isPipelined: false, isPart: true }, work);
  }

  #run<Result>(
    key: string,
    about: Pick<Task, 'kind' | 'isPipelined' | 'isPart'>,
    work: () => Promise<Result>,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      const task: Task = { ...about, start: () => work().then(resolve, reject), timer: undefined };
      const { waiting } = this.#queueForNewTask(key);
      waiting.push(task);
      this.#countWaiting(task, 1);
      this.#startNext();
      if (!waiting.includes(task)) return;
      task.timer = setTimeout(
        () => {
          this.#withdraw(key, task);
          reject(new Failure('BUSY'));
        },
        this.#maxWaitMs * (about.isPart ? PATIENCE_OF_PARTS : 1),
      );
    });
  }

  #queueOf(key: string): Queue {
    this.#queues ??= new Map<string, Queue>();
    const queue = this.#queues.get(key) ?? { waiting: [], running: 0 };
    this.#queues.set(key, queue);
    return queue;
  }

  /** A queue in which no task waits yet moves behind the others. */
  #queueForNewTask(key: string): Queue {
    const queue = this.#queueOf(key);
    if (queue.waiting.length === 0) {
      this.#queues?.delete(key);
      this.#queues?.set(key, queue);
    }
    return queue;
  }

  #withdraw(key: string, task: Task): void {
    const queue = this.#queueOf(key);
    queue.waiting.splice(queue.waiting.indexOf(task), 1);
    this.#countWaiting(task, -1);
    this.#deleteIfEmpty(key, queue);
  }

  #countWaiting({ isPart }: Task, change: 1 | -1): void {
    if (isPart) this.#waitingParts += change;
    else this.#waiting += change;
  }

  /** Most sockets are silent: an empty queue costs no memory. */
  #deleteIfEmpty(key: string, { waiting, running }: Queue): void {
    if (waiting.length > 0 || running > 0) return;
    this.#queues?.delete(key);
    if (this.#queues?.size === 0) this.#queues = undefined;
  }

  #startNext(): void {
    for (const [key, queue] of this.#queues ?? []) {
      if (this.#running >= this.#maxRunning) return;
      const [first] = queue.waiting;
      if (queue.running > 0 || first === undefined) continue;
      if (first.isPart && this.#runningParts >= this.#maxRunning / 2) continue;
      const next = dequeue(queue.waiting, this.#maxRunning - this.#running);
      queue.running = next.length;
      this.#running += next.length;
      for (const task of next) {
        this.#countWaiting(task, -1);
        if (task.isPart) this.#runningParts += 1;
        clearTimeout(task.timer);
        void task.start().finally(() => {
          this.#finish(key, task);
        });
      }
    }
  }

  #finish(key: string, { isPart }: Task): void {
    const queue = this.#queueOf(key);
    queue.running -= 1;
    this.#running -= 1;
    if (isPart) this.#runningParts -= 1;
    this.#deleteIfEmpty(key, queue);
    this.#startNext();
  }
}

/** Removes the first task and, if it is pipelined, the tasks of its kind right behind it. */
function dequeue(waiting: Task[], max: number): Task[] {
  const [first] = waiting;
  if (first === undefined) return [];
  const end = waiting.findIndex((task) => task.kind !== first.kind);
  return waiting.splice(0, first.isPipelined ? Math.min(end === -1 ? waiting.length : end, max) : 1);
}
