import { Failure } from '@switchboard/shared/errors';

interface Task {
  readonly kind: string;
  readonly isPipelined: boolean;
  readonly start: () => Promise<void>;
  /** While it waits. */
  timer: NodeJS.Timeout | undefined;
}

/** How many more may wait their turn. */
const MAX_WAITING = 100;

/**
 * What one socket asks of one chat is done in the order in which it asked: a message sent after a join finds the room
 * joined, and the second message comes second. Pipelined tasks of one kind that wait together start together, in one turn.
 * Whatever a socket asks of whichever chats, only so much of it is at work at once.
 */
export class Lanes {
  readonly #patienceMs: number;
  readonly #maxAtWork: number;
  /** Per chat; the chat that has waited longest comes first. */
  readonly #waiting = new Map<string, Task[]>();
  /** How many are at work, per chat. */
  readonly #working = new Map<string, number>();
  #countWaiting = 0;
  #countWorking = 0;

  /** How long anything waits for its turn, in ms, and how much may be at work at once. */
  constructor(patienceMs: number, maxAtWork: number) {
    this.#patienceMs = patienceMs;
    this.#maxAtWork = maxAtWork;
  }

  /** Whether as much waits as may be at work. */
  get isCrowded(): boolean {
    return this.#countWaiting >= this.#maxAtWork;
  }

  /** Throws BUSY when too many wait already, or when its turn does not come in time: it is not begun then. */
  run<Result>(key: string, kind: string, isPipelined: boolean, work: () => Promise<Result>): Promise<Result> {
    if (this.#countWaiting >= MAX_WAITING) return Promise.reject(new Failure('BUSY'));
    return new Promise((resolve, reject) => {
      const task: Task = { kind, isPipelined, start: () => work().then(resolve, reject), timer: undefined };
      const tasks = this.#waiting.get(key) ?? [];
      tasks.push(task);
      this.#waiting.set(key, tasks);
      this.#countWaiting += 1;
      this.#advance();
      if (!tasks.includes(task)) return;
      task.timer = setTimeout(() => {
        this.#giveUp(key, task);
        reject(new Failure('BUSY'));
      }, this.#patienceMs);
    });
  }

  #giveUp(key: string, task: Task): void {
    const tasks = this.#waiting.get(key) ?? [];
    tasks.splice(tasks.indexOf(task), 1);
    if (tasks.length === 0) this.#waiting.delete(key);
    this.#countWaiting -= 1;
  }

  #advance(): void {
    for (const [key, tasks] of this.#waiting) {
      if (this.#countWorking >= this.#maxAtWork) return;
      if (this.#working.has(key)) continue;
      const next = takeNext(tasks, this.#maxAtWork - this.#countWorking);
      if (tasks.length === 0) this.#waiting.delete(key);
      this.#countWaiting -= next.length;
      this.#working.set(key, next.length);
      this.#countWorking += next.length;
      for (const task of next) {
        clearTimeout(task.timer);
        void task.start().finally(() => { this.#finish(key); });
      }
    }
  }

  #finish(key: string): void {
    const left = (this.#working.get(key) ?? 1) - 1;
    if (left === 0) this.#working.delete(key);
    else this.#working.set(key, left);
    this.#countWorking -= 1;
    this.#advance();
  }
}

/** The first task and, when it is pipelined, those of its kind right behind it. */
function takeNext(waiting: Task[], most: number): Task[] {
  const [first] = waiting;
  if (first === undefined) return [];
  const end = waiting.findIndex((task) => task.kind !== first.kind);
  return waiting.splice(0, first.isPipelined ? Math.min(end === -1 ? waiting.length : end, most) : 1);
}
