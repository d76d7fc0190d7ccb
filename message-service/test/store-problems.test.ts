import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Failure } from '@switchboard/shared/errors';
import { silent, waitFor } from '@switchboard/infra/test';
import { pino } from 'pino';
import type { BlobStore } from '../src/files/blob-store.ts';
import { createLocalBlobs } from '../src/files/local-blobs.ts';
import { createS3Blobs } from '../src/files/s3-blobs.ts';
import { WatchedBlobs } from '../src/files/watched-blobs.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

describe('a folder', () => {
  const aFolder = async (): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), 'switchboard-problem-'));
    stops.push(() => rm(folder, { recursive: true, force: true }));
    return folder;
  };

  it('has no problem, and its probe leaves nothing', async () => {
    const folder = await aFolder();
    expect(await (await createLocalBlobs(folder, 1_000)).problem()).toBeUndefined();
    expect(await readdir(folder)).toEqual([]);
  });

  it('is full without room for the largest file', async () => {
    const folder = await aFolder();
    const blobs = await createLocalBlobs(folder, Number.MAX_SAFE_INTEGER);
    expect(await blobs.problem()).toBe(`${folder} is on a disk with less room than MAX_FILE_BYTES`);
  });

  it('that became a file is not a folder', async () => {
    const folder = await aFolder();
    const blobs = await createLocalBlobs(folder, 1_000);
    await rm(folder, { recursive: true });
    await writeFile(folder, '');
    expect(await blobs.problem()).toBe(`${folder} is not a folder (ENOTDIR)`);
  });
});

describe('a bucket', () => {
  /** A store that answers like this. Returns what it was asked. */
  async function answering(answer: (request: IncomingMessage, response: ServerResponse) => void) {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.method ?? ''} ${request.url?.split('?')[0] ?? ''}`);
      request.resume().once('end', () => {
        answer(request, response);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    stops.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const endpoint = `http://127.0.0.1:${port}`;
    const credentials = { accessKeyId: 'an id', secretAccessKey: 'a secret' };
    const blobs = createS3Blobs({ bucket: 'files', region: 'us-east-1', endpoint, credentials });
    return { asked, blobs, endpoint };
  }
  const refusing =
    (code: string, status = 403) =>
    (_request: IncomingMessage, response: ServerResponse) =>
      response
        .writeHead(status, { 'content-type': 'application/xml' })
        .end(`<Error><Code>${code}</Code><Message>an id, a secret</Message></Error>`);

  it.each([
    ['NoSuchBucket', 404, 'the bucket files does not exist (NoSuchBucket)'],
    [
      'SignatureDoesNotMatch',
      403,
      'S3_SECRET_ACCESS_KEY does not belong to S3_ACCESS_KEY_ID (SignatureDoesNotMatch)',
    ],
    ['AccessDenied', 403, 'the key may not read and write the bucket files (AccessDenied)'],
    ['PermanentRedirect', 301, 'the bucket files is in another region than S3_REGION (PermanentRedirect)'],
  ])('that answers %s has a problem, named without secrets', async (code, status, sentence) => {
    const { blobs } = await answering(refusing(code, status));
    expect(await blobs.problem()).toBe(sentence);
  });

  it('without the probe object has none; only a key that may not list writes one', async () => {
    const missing = await answering(refusing('NoSuchKey', 404));
    expect(await missing.blobs.problem()).toBeUndefined();
    expect(missing.asked).toEqual(['GET /files/switchboard-probe']);
    const hiding = await answering((request, response) => {
      if (request.method === 'PUT') response.writeHead(200).end();
      else refusing('AccessDenied')(request, response);
    });
    expect(await hiding.blobs.problem()).toBeUndefined();
    expect(hiding.asked).toEqual(['GET /files/switchboard-probe', 'PUT /files/switchboard-probe']);
  });

  it('that is frozen does not answer', async () => {
    const { blobs, endpoint } = await answering(() => undefined);
    expect(await blobs.problem()).toBe(`${endpoint} does not answer (timeout)`);
  }, 10_000);
});

describe('watched blobs', () => {
  let why: string | undefined;
  let probes = 0;
  const broken = new Error('the transfer failed');
  const store: BlobStore = {
    write: () => Promise.reject(broken),
    read: () => Promise.reject(new Failure('UNAVAILABLE')),
    remove: () => Promise.resolve(),
    problem: () => {
      probes += 1;
      return Promise.resolve(why);
    },
  };
  const watch = () => {
    why = undefined;
    probes = 0;
    const lines: string[] = [];
    const logger = pino({}, { write: (line: string) => lines.push(line) });
    const blobs = new WatchedBlobs(store, logger, { whileAvailable: 20, whileAway: 20 });
    return { blobs, lines };
  };

  it('log each outage once, and its end once', async () => {
    const { blobs, lines } = watch();
    stops.push(blobs.start());
    for (let outage = 1; outage <= 2; outage++) {
      why = 'it is away';
      await waitFor(() => blobs.problem === why, { what: 'the outage' });
      const before = probes;
      await waitFor(() => probes > before + 3, { what: 'more probes' });
      why = undefined;
      await waitFor(() => blobs.problem === undefined, { what: 'its end' });
      expect(lines).toHaveLength(2 * outage);
    }
  });

  it('pass on the error of a transfer while the store is available, and UNAVAILABLE otherwise', async () => {
    const { blobs } = watch();
    const write = () => blobs.write(randomUUID(), Readable.from([]));
    await expect(write()).rejects.toBe(broken);
    why = 'it is away';
    await expect(write()).rejects.toMatchObject({ code: 'UNAVAILABLE', cause: broken });
  });

  it('do not probe because of a client', async () => {
    const { blobs } = watch();
    await expect(blobs.read(randomUUID())).rejects.toThrow(Failure);
    expect(probes).toBe(0);
    await new WatchedBlobs(store, silent).remove(randomUUID());
    expect(probes).toBe(0);
  });
});
