import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Command } from './command.ts';
import { restartDelayMs } from './restart-delay.ts';

export interface Program extends Command {
  name: string;
  /** Where its output goes: a file, or our own terminal. */
  log?: string;
}

export interface Events {
  started(pid: number): void;
  /** It will be started again after `delayMs`. */
  died(pid: number | undefined, how: string, delayMs: number): void;
}

export interface Supervised {
  /** Undefined while it is dead. */
  readonly pid: number | undefined;
  /** Deaths in a row, each soon after its start. */
  readonly failures: number;
  /** From now on its death is nobody's business. Does not end it. */
  retire(): void;
}

/** Runs a program and starts it again whenever it dies, however it died. */
export function supervise(program: Program, events: Events): Supervised {
  let livesMs: number[] = [];
  let pid: number | undefined;
  let retired = false;
  let timer: NodeJS.Timeout | undefined;

  const start = (): void => {
    const bornAt = performance.now();
    const child = spawnProgram(program);
    pid = child.pid;
    if (pid !== undefined) events.started(pid);
    let over = false;
    const end = (how: string): void => {
      if (over) return;
      over = true;
      const last = pid;
      pid = undefined;
      if (retired) return;
      livesMs = [...livesMs.slice(-9), performance.now() - bornAt];
      const delayMs = restartDelayMs(livesMs);
      events.died(last, how, delayMs);
      timer = setTimeout(start, delayMs);
    };
    child.once('error', (error) => {
      // Also told when a signal could not be sent; only without a pid does it mean that nothing was started.
      if (child.pid === undefined) end(error.message);
    });
    child.once('exit', (code, signal) => {
      end(signal ?? `exit code ${String(code)}`);
    });
  };
  start();

  return {
    get pid() {
      return pid;
    },
    get failures() {
      return livesMs.slice(livesMs.findLastIndex((life) => life >= 3_000) + 1).length;
    },
    retire: () => {
      retired = true;
      clearTimeout(timer);
    },
  };
}

/** In a session of its own: a Ctrl-C in the terminal reaches the launcher only, which then ends all in order. */
export function spawnProgram({ file, args, env, log }: Program) {
  const output = log === undefined ? 'inherit' : openSync(log, 'a', 0o600);
  try {
    return spawn(file, args, { env, cwd: '/', detached: true, stdio: ['ignore', output, output] });
  } finally {
    if (typeof output === 'number') closeSync(output);
  }
}
