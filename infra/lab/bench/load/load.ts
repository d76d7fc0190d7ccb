import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { plainEnvironment } from '../../../dev/processes/command.ts';
import type { Seat } from '../contenders/contender.ts';
import type { Pace, Sample } from './crowd.ts';

export type Command =
  | { readonly do: 'join'; readonly seats: readonly Seat[]; readonly atOnce: number }
  | {
      readonly do: 'watch';
      readonly seat: Omit<Seat, 'chatId'>;
      readonly chatIds: readonly string[];
      readonly atOnce: number;
    }
  | { readonly do: 'send'; readonly pace: Pace; readonly senders?: number | undefined }
  | { readonly do: 'measure'; readonly forMs: number }
  | { readonly do: 'drain' }
  | { readonly do: 'leave' };

interface Done {
  readonly result?: unknown;
  readonly error?: string;
}

const program = join(import.meta.dirname, 'worker.ts');

/** Runs a crowd in a separate process, so that its CPU is not counted as the server's. */
export class Load {
  readonly #worker: ChildProcess;

  constructor() {
    this.#worker = fork(program, {
      env: plainEnvironment(),
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
  }

  get pid(): number {
    return this.#worker.pid ?? 0;
  }

  async join(seats: readonly Seat[], atOnce = 20): Promise<void> {
    await this.#execute({ do: 'join', seats, atOnce });
  }

  /** Connects one socket that joins all these chats and only receives. */
  async watch(seat: Omit<Seat, 'chatId'>, chatIds: readonly string[], atOnce = 8): Promise<void> {
    await this.#execute({ do: 'watch', seat, chatIds, atOnce });
  }

  /** Starts sending from the first `senders` members; from all without it. */
  async send(pace: Pace, senders?: number): Promise<void> {
    await this.#execute({ do: 'send', pace, senders });
  }

  async measure(forMs: number): Promise<Sample> {
    return (await this.#execute({ do: 'measure', forMs })) as Sample;
  }

  async drain(): Promise<void> {
    await this.#execute({ do: 'drain' });
  }

  async leave(): Promise<void> {
    await this.#execute({ do: 'leave' });
  }

  async close(): Promise<void> {
    const ended = once(this.#worker, 'exit');
    this.#worker.disconnect();
    await ended;
  }

  async #execute(command: Command): Promise<unknown> {
    const { result, error } = await new Promise<Done>((resolve, reject) => {
      const died = (): void => {
        reject(new Error('load generator: the process exited'));
      };
      this.#worker.once('exit', died);
      this.#worker.once('message', (done: Done) => {
        this.#worker.off('exit', died);
        resolve(done);
      });
      this.#worker.send(command);
    });
    if (error !== undefined) throw new Error(`load generator: ${error}`);
    return result;
  }
}
