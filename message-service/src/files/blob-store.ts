import type { Readable } from 'node:stream';

/** Positions of the first and the last byte, from 0. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** The bytes of files. A blob is written once, completely or not at all. */
export interface Blobs {
  /** Resolves once the bytes are stored. Rejects and leaves nothing when the stream fails. */
  write(id: string, bytes: Readable): Promise<void>;
  /** All bytes, or those of a range within the blob. */
  read(id: string, range?: ByteRange): Promise<Readable>;
  remove(id: string): Promise<void>;
}

export interface BlobStore extends Blobs {
  /** Why the store cannot take and serve blobs now, in words without secrets; undefined when it can. */
  problem(): Promise<string | undefined>;
}
