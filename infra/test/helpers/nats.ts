import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { createGuard } from '../../dev/processes/guard.ts';
import type { Command } from '../../dev/processes/command.ts';
import type { NatsPasswords, NatsUser } from '../../dev/topology/names.ts';
import { findNatsServer } from '../../dev/processes/nats-binary.ts';
import { natsCommand, natsUrl } from '../../dev/processes/nats.ts';
import { newNatsPasswords } from '../../dev/passwords.ts';
import { identify } from '../../dev/processes/process-identity.ts';
import { freeze } from './freeze.ts';
import { freePort } from './ports.ts';

export interface TestNats {
  readonly port: number;
  /** The pid of the running server; `restart` changes it. */
  readonly pid: number;
  url(user: NatsUser): string;
  /** Ends with SIGTERM: messages in flight may still be delivered. */
  stop(): Promise<void>;
  kill(): Promise<void>;
  /** Freezes the server: connections stay open, and it does not respond. */
  pause(): Promise<void>;
  resume(): void;
  /** Kills the running server, if any, and starts one with the same port and passwords. */
  restart(): Promise<void>;
}

export interface NatsOptions {
  passwords?: NatsPasswords;
  /** More arguments for nats-server, such as those of a cluster. */
  args?: readonly string[];
}

/** Starts a real nats-server with the permissions of production. */
export async function startNats({
  passwords = newNatsPasswords(),
  args = [],
}: NatsOptions = {}): Promise<TestNats> {
  const file = await findNatsServer(() => undefined);
  const commandOn = (port: number): Command => {
    const command = natsCommand(file, port, passwords);
    return { ...command, args: [...command.args, ...args] };
  };
  const guard = createGuard();
  const first = await onAnyPort((candidate) => startServer(commandOn(candidate)));
  const { port } = first;
  let { server } = first;

  const watch = (): void => {
    guard.watch({ ...identify(server.pid), name: 'nats', stage: 2, stopSignal: 'SIGKILL' });
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    await server.end(signal);
    guard.forget(server.pid);
  };
  watch();
  return {
    port,
    get pid() {
      return server.pid;
    },
    url: (user) => natsUrl(user, passwords, port),
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    pause: () => freeze(server.pid),
    resume: () => process.kill(server.pid, 'SIGCONT'),
    restart: async () => {
      await end('SIGKILL');
      server = await startServer(commandOn(port));
      watch();
    },
  };
}

interface Server {
  pid: number;
  end(signal: NodeJS.Signals): Promise<void>;
}

/** Retries, since another process may bind the free port first. */
async function onAnyPort(
  start: (port: number) => Promise<Server>,
): Promise<{ server: Server; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    try {
      return { server: await start(port), port };
    } catch (error) {
      if (attempt === 5) throw error;
    }
  }
}

async function startServer({ file, args, env }: Command): Promise<Server> {
  const child = spawn(file, args, { env, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  await untilReady(child);
  const { pid } = child;
  if (pid === undefined) throw new Error('nats-server has no pid');
  child.unref();
  if (child.stderr instanceof Socket) child.stderr.unref();
  return {
    pid,
    end: async (signal) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.ref();
      // A frozen server handles only SIGKILL; SIGCONT wakes it.
      child.kill('SIGCONT');
      child.kill(signal);
      await exited;
    },
  };
}

function untilReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      // Keeps reading, so that the pipe never fills; stores only the beginning.
      if (output.length < 20_000) output += chunk.toString();
      if (output.includes('Server is ready')) resolve();
    });
    child.once('error', reject);
    child.once('exit', () => {
      reject(new Error(`nats-server did not start: ${output}`));
    });
  });
}
