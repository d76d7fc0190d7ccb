import type { Readable } from 'node:stream';

/** Where the bytes of files lie. A blob is written once, whole or not at all. */
export interface BlobStore {
  /** Resolves once the bytes are stored; rejects, leaving nothing, when the stream fails. */
  write(id: string, bytes: Readable): Promise<void>;
  read(id: string): Promise<Readable>;
  remove(id: string): Promise<void>;
}
