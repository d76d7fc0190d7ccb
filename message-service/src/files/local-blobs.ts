import { createReadStream, createWriteStream } from 'node:fs';
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { makeFolder } from '@switchboard/shared/runtime';
import type { BlobStore } from './blob-store.ts';
import { localProblem } from './local-problem.ts';

/** Blobs in a local folder, shared by the replicas on this machine. `maxBytes`: of the largest blob. */
export async function createLocalBlobs(folder: string, maxBytes: number): Promise<BlobStore> {
  makeFolder(folder, 0o700);
  await removeAbandoned(folder);
  const pathOf = (id: string) => join(folder, id);

  return {
    async write(id, bytes) {
      const partial = `${pathOf(id)}.part`;
      try {
        await pipeline(bytes, createWriteStream(partial, { flags: 'wx', mode: 0o600 }));
        await sync(partial);
        await rename(partial, pathOf(id));
      } catch (error) {
        await rm(partial, { force: true });
        throw error;
      }
    },

    async read(id, range) {
      const handle = await open(pathOf(id));
      return createReadStream('', { fd: handle, ...range });
    },

    async remove(id) {
      await rm(pathOf(id), { force: true });
    },

    problem: () => localProblem(folder, maxBytes),
  };
}

/** Longer than any upload takes: the process that wrote the part has died. */
const ABANDONED_AFTER_MS = 3_600_000;

async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (!name.endsWith('.part')) continue;
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > ABANDONED_AFTER_MS) await rm(path, { force: true });
  }
}

/** The row is committed after this, so the bytes must survive a power loss too. */
async function sync(path: string): Promise<void> {
  const handle = await open(path);
  await handle.sync().finally(() => handle.close());
}
