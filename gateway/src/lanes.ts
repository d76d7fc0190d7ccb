import { Failure } from '@switchboard/shared/errors';

interface Task {
  readonly kind: string;
  readonly isPipelined: boolean;
  readonly start: () => Promise<void>;
}

interface Lane {
  running: number;
  kind: string;
  readonly waiting: Task[];
}

/** How many of one socket's events may wait for one chat. */
const MAX_WAITING = 100;

/**
 * What one socket asks of one chat is done in the order in which it asked: a message sent after a join finds the room
 * joined, and the second message comes second. Pipelined tasks of one kind run together; their owner keeps the order.
 */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();

  /** Throws BUSY when too many wait already. */
  run<Result>(key: string, kind: string, isPipelined: boolean, task: () => Promise<Result>): Promise<Result> {
    const lane = this.#lanes.get(key) ?? { running: 0, kind, waiting: [] };
    if (lane.waiting.length >= MAX_WAITING) return Promise.reject(new Failure('BUSY'));
    this.#lanes.set(key, lane);
    return new Promise((resolve, reject) => {
      lane.waiting.push({ kind, isPipelined, start: () => task().then(resolve, reject) });
      this.#advance(key, lane);
    });
  }

  #advance(key: string, lane: Lane): void {
    for (let next = lane.waiting[0]; next !== undefined && mayStart(next, lane); next = lane.waiting[0]) {
      lane.waiting.shift();
      lane.running += 1;
      lane.kind = next.kind;
      void next.start().finally(() => {
        lane.running -= 1;
        this.#advance(key, lane);
      });
    }
    if (lane.running === 0 && lane.waiting.length === 0) this.#lanes.delete(key);
  }
}

const mayStart = (task: Task, lane: Lane): boolean => lane.running === 0 || (task.isPipelined && task.kind === lane.kind);
