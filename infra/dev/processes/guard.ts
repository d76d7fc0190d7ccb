import { spawn, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import type { Mortal } from './end-in-order.ts';
import { reaperProgram } from '../topology/paths.ts';

export interface Guard {
  /** Makes sure that this process does not outlive the launcher. */
  watch(process: Mortal): void;
  forget(pid: number): void;
}

/**
 * Runs a reaper while there are processes to watch. Replaces a reaper that dies, and sends it the whole list.
 */
export function createGuard(): Guard {
  const watched = new Map<number, Mortal>();
  let reaper: ChildProcess | undefined;

  const sendList = (): void => {
    if (watched.size === 0) {
      reaper?.stdin?.end('[]\n');
      reaper = undefined;
      return;
    }
    reaper ??= spawnReaper((dead) => {
      if (reaper !== dead) return;
      reaper = undefined;
      setTimeout(sendList, 100).unref();
    });
    reaper.stdin?.write(`${JSON.stringify([...watched.values()])}\n`);
  };

  return {
    watch: (mortal) => {
      watched.set(mortal.pid, mortal);
      sendList();
    },
    forget: (pid) => {
      if (watched.delete(pid)) sendList();
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
  // Writing to a reaper that has just died fails with EPIPE; its 'exit' event follows and starts the next
  // one.
  reaper.stdin.on('error', () => undefined);
  reaper.unref();
  if (reaper.stdin instanceof Socket) reaper.stdin.unref();
  return reaper;
}
