import { Failure } from '@switchboard/shared/errors';

interface Task {
  readonly kind: string;
  readonly isPipelined: boolean;
  readonly start: () => Promise<void>;
  /** While it waits. */
  timer: NodeJS.Timeout | undefined;
}

interface Lane {
  readonly waiting: Task[];
  working: number;
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
  /** Per chat, while anything waits or is at work; the chat that has waited longest comes first. */
  #lanes: Map<string, Lane> | undefined;
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
      const { waiting } = this.#queueUp(key);
      waiting.push(task);
      this.#countWaiting += 1;
      this.#advance();
      if (!waiting.includes(task)) return;
      task.timer = setTimeout(() => {
        this.#giveUp(key, task);
        reject(new Failure('BUSY'));
      }, this.#patienceMs);
    });
  }

  #laneOf(key: string): Lane {
    this.#lanes ??= new Map<string, Lane>();
    const lane = this.#lanes.get(key) ?? { waiting: [], working: 0 };
    this.#lanes.set(key, lane);
    return lane;
  }

  /** Whoever has nothing waiting yet goes behind those who have. */
  #queueUp(key: string): Lane {
    const lane = this.#laneOf(key);
    if (lane.waiting.length === 0) {
      this.#lanes?.delete(key);
      this.#lanes?.set(key, lane);
    }
    return lane;
  }

  #giveUp(key: string, task: Task): void {
    const lane = this.#laneOf(key);
    lane.waiting.splice(lane.waiting.indexOf(task), 1);
    this.#countWaiting -= 1;
    this.#forget(key, lane);
  }

  /** There are as many of these as there are sockets, and most are silent. */
  #forget(key: string, { waiting, working }: Lane): void {
    if (waiting.length > 0 || working > 0) return;
    this.#lanes?.delete(key);
    if (this.#lanes?.size === 0) this.#lanes = undefined;
  }

  #advance(): void {
    for (const [key, lane] of this.#lanes ?? []) {
      if (this.#countWorking >= this.#maxAtWork) return;
      if (lane.working > 0 || lane.waiting.length === 0) continue;
      const next = takeNext(lane.waiting, this.#maxAtWork - this.#countWorking);
      this.#countWaiting -= next.length;
      lane.working = next.length;
      this.#countWorking += next.length;
      for (const task of next) {
        clearTimeout(task.timer);
        void task.start().finally(() => { this.#finish(key); });
      }
    }
  }

  #finish(key: string): void {
    const lane = this.#laneOf(key);
    lane.working -= 1;
    this.#countWorking -= 1;
    this.#forget(key, lane);
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
