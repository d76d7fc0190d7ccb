import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { EXIT_CONFIG } from '@switchboard/shared/runtime';
import type { Command } from './command.ts';
import { restartDelayMs } from './restart-delay.ts';

export interface Program extends Command {
  name: string;
  /** The file for its output. Default: the launcher's terminal. */
  log?: string;
}

export interface Events {
  started(pid: number): void;
  /** The supervisor restarts it after `delayMs`. */
  died(pid: number | undefined, how: string, delayMs: number): void;
  /** It cannot use its configuration, so a restart would not help. The supervisor has retired it. */
  unusable(pid: number | undefined): void;
}

export interface Supervised {
  /** Undefined while the program is not running. */
  readonly pid: number | undefined;
  /** Consecutive deaths, each soon after the start. */
  readonly failures: number;
  /** Stops supervising: does not restart the program any more. Does not end it. */
  retire(): void;
}

/**
 * Runs a program and restarts it every time that it dies, unless it reports that its configuration is
 * invalid.
 */
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
    const end = (how: string, code: number | null = null): void => {
      if (over) return;
      over = true;
      const last = pid;
      pid = undefined;
      if (retired) return;
      if (code === EXIT_CONFIG) {
        retired = true;
        events.unusable(last);
        return;
      }
      livesMs = [...livesMs.slice(-9), performance.now() - bornAt];
      const delayMs = restartDelayMs(livesMs);
      events.died(last, how, delayMs);
      timer = setTimeout(start, delayMs);
    };
    child.once('error', (error) => {
      // Also emitted when sending a signal fails. Only without a pid does it mean that the start failed.
      if (child.pid === undefined) end(error.message);
    });
    child.once('exit', (code, signal) => {
      end(signal ?? `exit code ${String(code)}`, code);
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

/**
 * Spawns it in its own session: Ctrl-C in the terminal reaches only the launcher, which ends all in order.
 */
export function spawnProgram({ file, args, env, log }: Program) {
  const output = log === undefined ? 'inherit' : openSync(log, 'a', 0o600);
  try {
    return spawn(file, args, { env, cwd: '/', detached: true, stdio: ['ignore', output, output] });
  } finally {
    if (typeof output === 'number') closeSync(output);
  }
}
