import type { Readable } from 'node:stream';
import { Failure } from '@switchboard/shared/errors';
import type { Logger } from '@switchboard/shared/runtime';
import { observeGauge } from '@switchboard/shared/telemetry';
import type { Blobs, BlobStore, ByteRange } from './blob-store.ts';

/** How often the store is probed, in milliseconds. */
export interface Pace {
  readonly whileAvailable: number;
  readonly whileAway: number;
}
const PACE: Pace = { whileAvailable: 15_000, whileAway: 5_000 };

/**
 * A blob store whose outages show: one log line each, the gauge `switchboard.files.ready` and `problem`. A
 * probe decides, at a pace and after each failed transfer. During an outage transfers throw UNAVAILABLE.
 */
export class WatchedBlobs implements Blobs {
  readonly #store: BlobStore;
  readonly #logger: Logger;
  readonly #pace: Pace;
  #outage: { readonly why: string; readonly since: string } | undefined;
  #probing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(store: BlobStore, logger: Logger, pace = PACE) {
    this.#store = store;
    this.#logger = logger;
    this.#pace = pace;
  }

  /** Why the store is away, in words without secrets; undefined while it is available. */
  get problem(): string | undefined {
    return this.#outage?.why;
  }

  /** Begins to probe. Returns how to stop. */
  start(): () => void {
    const stopObserving = observeGauge(
      'switchboard.files.ready',
      '',
      '1 while the file store takes and serves files, else 0',
      () => [{ labels: {}, value: this.#outage === undefined ? 1 : 0 }],
    );
    void this.#probe();
    return () => {
      this.#isStopped = true;
      clearTimeout(this.#timer);
      stopObserving();
    };
  }

  write(id: string, bytes: Readable): Promise<void> {
    return this.#watch(() => this.#store.write(id, bytes));
  }

  read(id: string, range?: ByteRange): Promise<Readable> {
    return this.#watch(() => this.#store.read(id, range));
  }

  remove(id: string): Promise<void> {
    return this.#watch(() => this.#store.remove(id));
  }

  /** A Failure is the client's, such as an upload that broke off; any other error may be an outage. */
  async #watch<Result>(transfer: () => Promise<Result>): Promise<Result> {
    try {
      return await transfer();
    } catch (error) {
      if (error instanceof Failure) throw error;
      await this.#probe();
      throw this.#outage === undefined ? error : new Failure('UNAVAILABLE', undefined, { cause: error });
    }
  }

  #probe(): Promise<void> {
    this.#probing ??= this.#probeOnce().finally(() => {
      this.#probing = undefined;
    });
    return this.#probing;
  }

  async #probeOnce(): Promise<void> {
    clearTimeout(this.#timer);
    const why = await this.#store.problem();
    if (this.#isStopped) return;
    if (why !== this.#outage?.why) this.#change(why);
    this.#timer = setTimeout(
      () => {
        void this.#probe();
      },
      why === undefined ? this.#pace.whileAvailable : this.#pace.whileAway,
    ).unref();
  }

  #change(why: string | undefined): void {
    const since = this.#outage?.since ?? new Date().toISOString();
    this.#outage = why === undefined ? undefined : { why, since };
    if (why === undefined) this.#logger.info({ since }, 'files: the file store is available again');
    else
      this.#logger.warn(
        { since, why },
        'files: the file store is unavailable; uploads and downloads fail, messages do not',
      );
  }
}
