import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { plainEnvironment } from '../../local/command.ts';
import type { Seat } from '../contenders/contender.ts';
import type { Pace, Sample } from './crowd.ts';

export type Order =
  | { readonly do: 'join'; readonly seats: readonly Seat[]; readonly atOnce: number }
  | { readonly do: 'watch'; readonly seat: Omit<Seat, 'chatId'>; readonly chatIds: readonly string[]; readonly atOnce: number }
  | { readonly do: 'send'; readonly pace: Pace; readonly senders?: number | undefined }
  | { readonly do: 'measure'; readonly forMs: number }
  | { readonly do: 'rest' }
  | { readonly do: 'leave' };

interface Done {
  readonly result?: unknown;
  readonly error?: string;
}

const program = join(import.meta.dirname, 'worker.ts');

/** A crowd of clients in a process of its own, so that what they cost is not counted as the server's. */
export class Load {
  readonly #worker: ChildProcess;

  constructor() {
    this.#worker = fork(program, { env: plainEnvironment(), execArgv: ['--disable-warning=ExperimentalWarning'] });
  }

  get pid(): number {
    return this.#worker.pid ?? 0;
  }

  async join(seats: readonly Seat[], atOnce = 20): Promise<void> {
    await this.#order({ do: 'join', seats, atOnce });
  }

  /** One socket that joins all these chats and only listens. */
  async watch(seat: Omit<Seat, 'chatId'>, chatIds: readonly string[], atOnce = 8): Promise<void> {
    await this.#order({ do: 'watch', seat, chatIds, atOnce });
  }

  /** Begins; `senders`: so many of those who joined, the first ones. */
  async send(pace: Pace, senders?: number): Promise<void> {
    await this.#order({ do: 'send', pace, senders });
  }

  async measure(forMs: number): Promise<Sample> {
    return await this.#order({ do: 'measure', forMs }) as Sample;
  }

  async rest(): Promise<void> {
    await this.#order({ do: 'rest' });
  }

  async leave(): Promise<void> {
    await this.#order({ do: 'leave' });
  }

  async close(): Promise<void> {
    const ended = once(this.#worker, 'exit');
    this.#worker.disconnect();
    await ended;
  }

  async #order(order: Order): Promise<unknown> {
    const { result, error } = await new Promise<Done>((resolve, reject) => {
      const died = (): void => { reject(new Error('the load generator died')); };
      this.#worker.once('exit', died);
      this.#worker.once('message', (done: Done) => {
        this.#worker.off('exit', died);
        resolve(done);
      });
      this.#worker.send(order);
    });
    if (error !== undefined) throw new Error(`the load generator: ${error}`);
    return result;
  }
}
