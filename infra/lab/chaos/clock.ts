import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cachedFile, canFetchPackages, fetchDebianPackage } from '../../dev/processes/debian-package.ts';
import { NotHere } from './not-here.ts';

const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
const MEMBER = `usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`;

/**
 * Moves the wall clock of one process with libfaketime. The monotonic clock is unchanged, as when an
 * administrator sets the time.
 */
export class Clock {
  readonly #library: string;
  readonly #file: string;

  private constructor(library: string, file: string) {
    this.#library = library;
    this.#file = file;
    this.moveBy(0);
  }

  static async of(instance: string, folder: string): Promise<Clock> {
    const library = cachedFile('libfaketime', MEMBER);
    if (!existsSync(library)) {
      if (!(await canFetchPackages()))
        throw new NotHere('libfaketime is a Debian package, and there is no apt here');
      await fetchDebianPackage('libfaketime', MEMBER, library);
    }
    return new Clock(library, join(folder, `${instance}.clock`));
  }

  /** Sets the offset from the true time; takes effect within a second. */
  moveBy(seconds: number): void {
    writeFileSync(this.#file, `${seconds < 0 ? '' : '+'}${seconds}\n`);
  }

  /** Environment variables for the process. */
  get variables(): Record<string, string> {
    return {
      LD_PRELOAD: this.#library,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  }
}
