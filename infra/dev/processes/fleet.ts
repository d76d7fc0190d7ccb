import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { endInOrder, type Mortal } from './end-in-order.ts';
import { readIfThere, writeWhole } from '../files.ts';
import { createGuard } from './guard.ts';
import { identify, signal } from './process-identity.ts';
import { parseMortals } from './reaper-line.ts';
import { spawnProgram, supervise, type Program, type Supervised } from './supervisor.ts';

/** Stages end from low to high. */
export const stages = { gateway: 0, service: 1, nats: 2, postgres: 3, traces: 4 } as const;

export interface Member extends Program {
  stage: number;
  stopSignal: NodeJS.Signals;
  /** Its address, without secrets. */
  url?: string;
}

export interface Fleet {
  start(member: Member): Supervised;
  /** Runs a program to its end; resolves to its exit code. */
  run(member: Member): Promise<number>;
  stop(graceMs: number): Promise<void>;
  killAtOnce(): void;
}

/** All processes of the launcher: recorded in processes.json, guarded by the reaper, ended in order. */
export function createFleet(
  folder: string,
  say: (line: string) => void,
  onUnusable: (name: string) => void,
): Fleet {
  const file = join(folder, 'processes.json');
  const guard = createGuard();
  const alive = new Map<number, Mortal & { url?: string }>();
  const supervised: Supervised[] = [];
  let stopping = false;

  const writeDown = (): void => {
    writeWhole(file, `${JSON.stringify([...alive.values()], null, 1)}\n`);
  };
  const born = ({ name, stage, stopSignal, url }: Member, pid: number): void => {
    const mortal = { name, ...identify(pid), ...(url === undefined ? {} : { url }), stage, stopSignal };
    // The reaper first, then the file: a launcher that dies in between leaves no process behind.
    guard.watch(mortal);
    alive.set(pid, mortal);
    writeDown();
  };
  const gone = (pid: number): void => {
    alive.delete(pid);
    guard.forget(pid);
    if (!stopping) writeDown();
  };

  return {
    start: (member) => {
      if (stopping) throw new Error('stopping');
      const one = supervise(member, {
        started: (pid) => {
          born(member, pid);
        },
        died: (pid, how, delayMs) => {
          if (pid !== undefined) gone(pid);
          const when =
            delayMs === 0 ? 'starting it again' : `starting it again in ${(delayMs / 1_000).toFixed(1)} s`;
          say(`${member.name} died (${how}), ${when}`);
        },
        unusable: (pid) => {
          if (pid !== undefined) gone(pid);
          onUnusable(member.name);
        },
      });
      supervised.push(one);
      return one;
    },
    run: (member) =>
      new Promise((resolve, reject) => {
        if (stopping) throw new Error('stopping');
        const child = spawnProgram(member);
        const { pid } = child;
        if (pid !== undefined) born(member, pid);
        child.once('error', reject);
        child.once('exit', (code) => {
          if (pid !== undefined) gone(pid);
          resolve(code ?? 1);
        });
      }),
    stop: async (graceMs) => {
      stopping = true;
      for (const one of supervised) one.retire();
      await endInOrder([...alive.values()], graceMs);
      for (const pid of [...alive.keys()]) gone(pid);
      rmSync(file, { force: true });
    },
    killAtOnce: () => {
      stopping = true;
      for (const one of supervised) one.retire();
      // On SIGQUIT Postgres ends at once, with its backends. The reaper ends all remaining processes.
      for (const mortal of alive.values())
        signal(mortal, mortal.stage === stages.postgres ? 'SIGQUIT' : 'SIGKILL');
    },
  };
}

/** Ends the processes of a launcher that was killed together with its reaper. */
export async function endLeftovers(folder: string): Promise<void> {
  const file = join(folder, 'processes.json');
  await endInOrder(parseMortals((readIfThere(file) ?? '').replaceAll('\n', '')) ?? [], 5_000);
  rmSync(file, { force: true });
}
