import type { Logger } from '@switchboard/shared/runtime';
import type { FileStore } from '../domain/message-store.ts';
import type { Blobs } from './blob-store.ts';

const EVERY_MS = 3_600_000;
/** How many files one statement reads. */
const PAGE = 500;

/** Removes the bytes of files that were withdrawn, then their rows: a crash in between leaves the rows. */
export async function removeWithdrawn(
  files: FileStore,
  blobs: Blobs,
  fileIds: readonly string[],
): Promise<void> {
  for (const fileId of fileIds) {
    await blobs.remove(fileId);
    await files.forget(fileId);
  }
}

/**
 * Removes files that no message took within a day, once an hour. A message keeps its file for good, so that a
 * pass only reads files that became a day old since the pass before the last: ids are almost in the order of
 * the rows.
 */
export class FileSweep {
  readonly #files: FileStore;
  readonly #blobs: Blobs;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  /** The last ids of the pass before the last, and of the last. */
  #ends: readonly [string | undefined, string | undefined] = [undefined, undefined];

  constructor(files: FileStore, blobs: Blobs, logger: Logger) {
    this.#files = files;
    this.#blobs = blobs;
    this.#logger = logger;
  }

  /** Sweeps at a random time of each hour: replicas do so one after the other. Returns how to stop. */
  start(): () => void {
    this.#timer = setTimeout(() => {
      void this.#sweepAndRepeat();
    }, Math.random() * EVERY_MS).unref();
    return () => {
      this.#isStopped = true;
      clearTimeout(this.#timer);
    };
  }

  /** One pass. Returns how many files it removed. */
  async sweep(): Promise<number> {
    let [after] = this.#ends;
    let removed = 0;
    while (!this.#isStopped) {
      const { unsent, last } = await this.#files.listOld(after, PAGE);
      if (last === undefined) break;
      after = last;
      if (unsent.length === 0) continue;
      const withdrawn = await this.#files.withdrawUnsent(unsent);
      await removeWithdrawn(this.#files, this.#blobs, withdrawn);
      removed += withdrawn.length;
    }
    this.#ends = [this.#ends[1], after];
    return removed;
  }

  async #sweepAndRepeat(): Promise<void> {
    try {
      const removed = await this.sweep();
      if (removed > 0) this.#logger.info({ removed }, 'files: removed files that no message took');
    } catch (error) {
      this.#logger.warn({ err: error }, 'files: removing files that no message took failed');
    }
    if (!this.#isStopped)
      this.#timer = setTimeout(() => {
        void this.#sweepAndRepeat();
      }, EVERY_MS).unref();
  }
}
