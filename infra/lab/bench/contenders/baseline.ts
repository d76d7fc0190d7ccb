import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { plainEnvironment } from '../../../dev/processes/command.ts';
import { createGuard } from '../../../dev/processes/guard.ts';
import { identify } from '../../../dev/processes/process-identity.ts';
import { freePort } from '../../../test/helpers/index.ts';
import type { Contender, Seat } from './contender.ts';

const program = join(import.meta.dirname, 'baseline-server.ts');

/** The database of `bare`, on Switchboard's Postgres. */
export interface Store {
  readonly url: string;
  readonly pid: number;
}

/** The naive server: `bare` with a store, `echo` without. */
export async function startBaseline(store?: Store, nodeOptions: readonly string[] = []): Promise<Contender> {
  const port = await freePort();
  const env = { ...plainEnvironment(), PORT: String(port), ...(store && { DATABASE_URL: store.url }) };
  const child = fork(program, { env, execArgv: ['--disable-warning=ExperimentalWarning', ...nodeOptions] });
  const { pid = 0 } = child;
  const guard = createGuard();
  guard.watch({ ...identify(pid), name: 'baseline', stage: 0, stopSignal: 'SIGTERM' });
  const ended = once(child, 'exit');
  await Promise.race([
    once(child, 'message'),
    ended.then(() => {
      throw new Error('baseline: the server exited before it listened');
    }),
  ]);

  let users = 0;
  const seat = (chatId: string): Seat => {
    const id = ++users;
    return {
      url: `http://127.0.0.1:${String(port)}`,
      chatId,
      auth: { id, email: `client${String(id)}@example.com`, role: 'client' },
    };
  };
  return {
    name: store === undefined ? 'echo' : 'bare',
    processes: new Map([['server', pid], ...(store === undefined ? [] : [['postgres', store.pid] as const])]),
    edgePid: pid,
    openChats: (chats, members) =>
      Promise.resolve(
        Array.from({ length: chats }, () => {
          const chatId = randomUUID();
          return Array.from({ length: members }, () => seat(chatId));
        }),
      ),
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      guard.forget(pid);
    },
  };
}
