import { randomUUID } from 'node:crypto';
import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const PROBE_BYTES = Buffer.alloc(4_096);

const sentences: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'is not a folder',
  EACCES: 'does not permit this user to write',
  EROFS: 'is on a read-only file system',
  ENOSPC: 'is on a full disk',
  EDQUOT: 'is over its disk quota',
};

/**
 * Why files cannot be stored in a folder; undefined when they can. Writes and removes a small file. A disk
 * without room for one file of `maxBytes` counts as full.
 */
export async function localProblem(folder: string, maxBytes: number): Promise<string | undefined> {
  try {
    // Named like an abandoned part: a crash leaves nothing that stays.
    const path = join(folder, `${randomUUID()}.part`);
    try {
      await writeFile(path, PROBE_BYTES, { flag: 'wx', mode: 0o600 });
    } finally {
      await rm(path, { force: true });
    }
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize < maxBytes
      ? `${folder} is on a disk with less room than MAX_FILE_BYTES`
      : undefined;
  } catch (error) {
    const code = Error.isError(error) && 'code' in error ? String(error.code) : 'an unknown error';
    return `${folder} ${sentences[code] ?? 'cannot be used'} (${code})`;
  }
}
