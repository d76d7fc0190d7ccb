import { execFile } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, symlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { initCluster } from '../../dev/processes/postgres.ts';
import { hasCode } from '../../dev/json.ts';
import { NotHere } from './not-here.ts';

const run = promisify(execFile);

/**
 * A small disk for the tables of Postgres. Its write-ahead log stays on the large disk: Postgres ends itself,
 * by design, when the disk of the log is full.
 */
export class SmallDisk {
  readonly #mounted: string;
  readonly #filler: string;

  private constructor(mounted: string) {
    this.#mounted = mounted;
    this.#filler = join(mounted, 'filler');
  }

  /** Creates the cluster that a launcher on `dataDir` will find. */
  static async under(dataDir: string, mib: number, superuserPassword: string): Promise<SmallDisk> {
    if (process.getuid?.() !== 0) throw new NotHere('mounting a tmpfs needs root');
    const mounted = join(dataDir, 'small-disk');
    mkdirSync(mounted);
    await run('mount', ['-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', mounted]).catch((error: unknown) => {
      throw new NotHere(`a tmpfs cannot be mounted: ${String(error)}`);
    });
    const [folder, log] = [join(mounted, 'postgres'), join(dataDir, 'postgres-log')];
    await initCluster({ folder, port: 0, throwaway: true }, superuserPassword);
    await run('cp', ['-a', join(folder, 'pg_wal'), log]);
    rmSync(join(folder, 'pg_wal'), { recursive: true });
    symlinkSync(log, join(folder, 'pg_wal'));
    symlinkSync(folder, join(dataDir, 'postgres'));
    return new SmallDisk(mounted);
  }

  /** Fills the disk to the last byte. */
  fill(): void {
    const file = openSync(this.#filler, 'a');
    const bytes = Buffer.alloc(2 ** 16);
    try {
      for (;;) writeSync(file, bytes);
    } catch (error) {
      if (!hasCode(error, 'ENOSPC')) throw error;
    } finally {
      closeSync(file);
    }
  }

  free(): void {
    rmSync(this.#filler, { force: true });
  }

  async close(): Promise<void> {
    await run('umount', ['--lazy', this.#mounted]);
  }
}
