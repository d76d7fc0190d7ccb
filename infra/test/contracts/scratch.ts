import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A project of another team, outside the repository. */
export class Scratch {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Installs packages from npm or packed files. */
  static async install(...packages: readonly string[]): Promise<Scratch> {
    const scratch = new Scratch(await mkdtemp(join(tmpdir(), 'switchboard-scratch-')));
    await scratch.write('package.json', JSON.stringify({ name: 'scratch', private: true, type: 'module' }));
    await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...packages], {
      cwd: scratch.folder,
    });
    return scratch;
  }

  write(name: string, text: string): Promise<void> {
    return writeFile(join(this.folder, name), text);
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true });
  }
}
