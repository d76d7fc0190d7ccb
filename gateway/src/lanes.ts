import { Failure } from '@switchboard/shared/errors';

interface Task {
  readonly kind: string;
  readonly isPipelined: boolean;
  readonly start: () => Promise<void>;
}

interface Lane {
  running: number;
  readonly waiting: Task[];
}

/** How many of one socket's events may wait for one chat. */
const MAX_WAITING = 100;
/** How many go together: they fit one NATS message, however long. */
const MAX_TOGETHER = 16;

/**
 * What one socket asks of one chat is done in the order in which it asked: a message sent after a join finds the room
 * joined, and the second message comes second. Pipelined tasks of one kind that wait together start together, in one turn.
 */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();

  /** Throws BUSY when too many wait already. */
  run<Result>(key: string, kind: string, isPipelined: boolean, task: () => Promise<Result>): Promise<Result> {
    const lane = this.#lanes.get(key) ?? { running: 0, waiting: [] };
    if (lane.waiting.length >= MAX_WAITING) return Promise.reject(new Failure('BUSY'));
    this.#lanes.set(key, lane);
    return new Promise((resolve, reject) => {
      lane.waiting.push({ kind, isPipelined, start: () => task().then(resolve, reject) });
      this.#advance(key, lane);
    });
  }

  #advance(key: string, lane: Lane): void {
    if (lane.running > 0) return;
    for (const task of takeNext(lane.waiting)) {
      lane.running += 1;
      void task.start().finally(() => {
        lane.running -= 1;
        this.#advance(key, lane);
      });
    }
    if (lane.running === 0) this.#lanes.delete(key);
  }
}

/** The first task and, when it is pipelined, those of its kind right behind it. */
function takeNext(waiting: Task[]): Task[] {
  const [first] = waiting;
  if (first === undefined) return [];
  const end = waiting.findIndex((task) => task.kind !== first.kind);
  return waiting.splice(0, first.isPipelined ? Math.min(end === -1 ? waiting.length : end, MAX_TOGETHER) : 1);
}
