import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@switchboard/infra/test';
import { plainEnvironment } from '../../dev/processes/command.ts';
import { startProgram } from '../../dev/topology/paths.ts';

export interface RunOptions {
  readonly env?: Record<string, string>;
  readonly args?: readonly string[];
  /** A program before Node, such as one that takes away rights. */
  readonly wrapper?: readonly string[];
}

export interface LauncherRun {
  /** All that it and its programs have printed so far. */
  readonly output: () => string;
  readonly interrupt: () => void;
  readonly ended: Promise<number | null>;
}

/** Starts the launcher as another terminal would. DATA_DIR and PORT are needed in `env`. */
export function startLauncher({ env = {}, args = [], wrapper = [] }: RunOptions): LauncherRun {
  const [file = '', ...all] = [...wrapper, process.execPath, startProgram, ...args];
  const child = spawn(file, all, {
    env: { ...plainEnvironment(), NATS_SERVER: process.env['NATS_SERVER'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
  return {
    output: () => text,
    interrupt: () => child.kill('SIGINT'),
    ended: new Promise((resolve) => {
      child.once('close', resolve);
    }),
  };
}

/** Runs the launcher until it ends by itself. By default in a folder that does not exist. */
export async function runLauncher(options: RunOptions): Promise<{ code: number | null; output: string }> {
  const parent = mkdtempSync(join(tmpdir(), 'switchboard-run-'));
  try {
    const port = String(await freePort());
    const run = startLauncher({
      ...options,
      env: { PORT: port, DATA_DIR: join(parent, 'data'), ...options.env },
    });
    return { code: await run.ended, output: run.output() };
  } finally {
    rmSync(parent, { recursive: true });
  }
}
