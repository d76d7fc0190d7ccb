import { spawn, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import type { Mortal } from './end-in-order.ts';
import { reaperProgram } from './paths.ts';

export interface Guard {
  /** From now on this process does not outlive ours. */
  watch(process: Mortal): void;
  forget(pid: number): void;
}

/** Keeps a reaper exactly as long as there is something to reap; one that dies is replaced and told everything again. */
export function createGuard(): Guard {
  const watched = new Map<number, Mortal>();
  let reaper: ChildProcess | undefined;

  const tell = (): void => {
    if (watched.size === 0) {
      reaper?.stdin?.end('[]\n');
      reaper = undefined;
      return;
    }
    reaper ??= spawnReaper((dead) => {
      if (reaper !== dead) return;
      reaper = undefined;
      setTimeout(tell, 100).unref();
    });
    reaper.stdin?.write(`${JSON.stringify([...watched.values()])}\n`);
  };

  return {
    watch: (mortal) => {
      watched.set(mortal.pid, mortal);
      tell();
    },
    forget: (pid) => {
      if (watched.delete(pid)) tell();
    },
  };
}

function spawnReaper(onDeath: (dead: ChildProcess) => void): ChildProcess {
  const reaper = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', reaperProgram], {
    detached: true,
    cwd: '/',
    env: {},
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  reaper.on('error', () => undefined);
  reaper.on('exit', () => {
    onDeath(reaper);
  });
  // A reaper that has just died answers a write with EPIPE; its 'exit' follows and brings the next one.
  reaper.stdin.on('error', () => undefined);
  reaper.unref();
  if (reaper.stdin instanceof Socket) reaper.stdin.unref();
  return reaper;
}
