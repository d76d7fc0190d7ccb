import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import S3rver from 's3rver';
import type { BlobStore } from '../src/files/blob-store.ts';
import { createLocalBlobs } from '../src/files/local-blobs.ts';
import { createS3Blobs } from '../src/files/s3-blobs.ts';

const MAX_BYTES = 25 * 1024 * 1024;

interface Place {
  readonly blobs: BlobStore;
  /** Every stored blob; in a folder parts of blobs too. */
  list(): Promise<string[]>;
  stop(): Promise<void>;
}

async function inFolder(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'switchboard-blobs-'));
  return {
    blobs: await createLocalBlobs(join(folder, 'made', 'here'), MAX_BYTES),
    list: () => readdir(join(folder, 'made', 'here')),
    stop: () => rm(folder, { recursive: true }),
  };
}

async function inS3(): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), 'switchboard-s3-'));
  const server = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory,
    configureBuckets: [{ name: 'files' }],
  });
  const { port } = await server.run();
  const credentials = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };
  return {
    blobs: createS3Blobs({
      bucket: 'files',
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${port}`,
      credentials,
    }),
    list: async () =>
      (await readdir(join(directory, 'files'), { recursive: true, withFileTypes: true }))
        .map(({ name }) => name)
        .filter((name) => name.endsWith('_object')),
    async stop() {
      await server.close();
      await rm(directory, { recursive: true });
    },
  };
}

const pieces = (count: number, size = 64 * 1024): Buffer[] =>
  Array.from({ length: count }, (_, n) => Buffer.alloc(size, n));

describe.each([
  ['a folder', inFolder],
  ['an S3-compatible store', inS3],
])('blobs in %s', (_, start) => {
  let place: Place;
  beforeAll(async () => {
    place = await start();
  });
  afterAll(() => place.stop());

  it.each([
    ['nothing', 0],
    ['a little', 1],
    ['more than one part', 100],
  ])('are read as they were written: %s', async (_what, count) => {
    const id = randomUUID();
    await place.blobs.write(id, Readable.from(pieces(count)));
    expect((await buffer(await place.blobs.read(id))).equals(Buffer.concat(pieces(count)))).toBe(true);
    await place.blobs.remove(id);
  });

  it.each([
    [0, 1],
    [65_530, 65_545],
    [0, 6_553_599],
    [6_553_599, 6_553_599],
  ])('are read in part: bytes %i to %i', async (start, end) => {
    const id = randomUUID();
    await place.blobs.write(id, Readable.from(pieces(100)));
    const part = await buffer(await place.blobs.read(id, { start, end }));
    expect(part.equals(Buffer.concat(pieces(100)).subarray(start, end + 1))).toBe(true);
    await place.blobs.remove(id);
  });

  it('leave nothing when the stream breaks off', async () => {
    for (const count of [1, 100]) {
      const id = randomUUID();
      const breaks = Readable.from(
        (function* breaking() {
          yield* pieces(count);
          throw new Error('broken off');
        })(),
      );
      await expect(place.blobs.write(id, breaks)).rejects.toThrow('broken off');
      await expect(place.blobs.read(id)).rejects.toThrow();
    }
    expect(await place.list()).toEqual([]);
  });

  it('are gone when removed, and removing them twice is no error', async () => {
    const id = randomUUID();
    await place.blobs.write(id, Readable.from(pieces(1)));
    expect(await place.list()).not.toEqual([]);
    await place.blobs.remove(id);
    await place.blobs.remove(id);
    await expect(place.blobs.read(id)).rejects.toThrow();
    expect(await place.list()).toEqual([]);
  });

  it('fail to be read when missing', async () => {
    await expect(place.blobs.read(randomUUID())).rejects.toThrow();
  });
});
