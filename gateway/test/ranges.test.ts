import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FileInfo } from '@switchboard/shared/contracts';
import request from 'supertest';
import { FileBytes } from './file-bytes.ts';
import { owner, tokenOf } from './given.ts';
import { startGateway, type TestGateway } from './gateway.ts';

const SIZE = 100_000;
const BYTES = Buffer.from(Array.from({ length: SIZE }, (_, n) => n % 251));

let gateway: TestGateway;
let files: FileBytes;
let id: string;
beforeAll(async () => {
  gateway = await startGateway();
  files = await FileBytes.start(gateway.stubs);
  id = await upload(BYTES);
});
afterAll(async () => {
  await gateway.stop();
  await files.stop();
});

const authorization = `Bearer ${tokenOf(owner)}`;

async function upload(bytes: Buffer<ArrayBuffer>): Promise<string> {
  const body = new FormData();
  body.set('file', new Blob([bytes], { type: 'video/mp4' }), 'clip.mp4');
  const response = await fetch(`${gateway.url}/api/v1/files`, {
    method: 'POST',
    headers: { authorization },
    body,
  });
  return FileInfo.parse(await response.json()).id;
}

/** Opens a file as its uploader would, and as a `<video>` with a `fileUrl` would. */
const ways: [string, (fileId: string, headers: Record<string, string>) => Promise<Response>][] = [
  [
    'with a token',
    (fileId, headers) =>
      fetch(`${gateway.url}/api/v1/files/${fileId}`, { headers: { authorization, ...headers } }),
  ],
  [
    'with a signature',
    (fileId, headers) => fetch(`${gateway.url}/api/v1/files/${fileId}?expires=1&signature=good`, { headers }),
  ],
];

describe.each(ways)('a download %s', (_way, open) => {
  const partOf = async (range: string, more: Record<string, string> = {}) => {
    const response = await open(id, { range, ...more });
    return { response, bytes: Buffer.from(await response.arrayBuffer()) };
  };

  it.each([
    ['the first two, as Safari does', 'bytes=0-1', 0, 1],
    ['all', 'bytes=0-', 0, SIZE - 1],
    ['some', 'bytes=70000-90000', 70_000, 90_000],
    ['from one to the end', 'bytes=99990-', 99_990, SIZE - 1],
    ['more than there are', 'bytes=99990-200000', 99_990, SIZE - 1],
    ['the last ten', 'bytes=-10', SIZE - 10, SIZE - 1],
    ['a longer end than the file', 'bytes=-200000', 0, SIZE - 1],
  ])('sends %s of its bytes with 206', async (_what, range, start, end) => {
    const { response, bytes } = await partOf(range);
    expect([response.status, bytes.equals(BYTES.subarray(start, end + 1))]).toEqual([206, true]);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-range': `bytes ${start}-${end}/${SIZE}`,
      'content-length': String(end - start + 1),
      'accept-ranges': 'bytes',
      'content-type': 'video/mp4',
    });
  });

  it.each(['bytes=100000-', 'bytes=200000-300000', 'bytes=-0'])('refuses %s with 416', async (range) => {
    const { response, bytes } = await partOf(range);
    expect([response.status, response.headers.get('content-range')]).toEqual([416, `bytes */${SIZE}`]);
    expect(JSON.parse(bytes.toString())).toMatchObject({ code: 'RANGE_NOT_SATISFIABLE', retryable: false });
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it.each(['bytes=0-1,5-6', 'bytes=5-2', 'bytes=-', 'bytes=a-b', 'items=0-1', 'bytes'])(
    'sends all bytes for %s',
    async (range) => {
      const { response, bytes } = await partOf(range);
      expect([response.status, bytes.equals(BYTES)]).toEqual([200, true]);
      expect(response.headers.get('accept-ranges')).toBe('bytes');
    },
  );

  it('sends a part only of the version that If-Range names', async () => {
    const etag = (await open(id, {})).headers.get('etag') ?? '';
    expect((await partOf('bytes=0-1', { 'if-range': etag })).response.status).toBe(206);
    expect((await partOf('bytes=0-1', { 'if-range': '"another"' })).response.status).toBe(200);
  });

  it('refuses every range of an empty file', async () => {
    const response = await open(await upload(Buffer.alloc(0)), { range: 'bytes=0-1' });
    expect([response.status, response.headers.get('content-range')]).toEqual([416, 'bytes */0']);
  });

  it('sends all bytes when message-service is of the release before', async () => {
    files.ignoresRanges = true;
    const { response, bytes } = await partOf('bytes=0-1');
    files.ignoresRanges = false;
    expect([response.status, response.headers.get('content-length'), bytes.equals(BYTES)]).toEqual([
      200,
      String(SIZE),
      true,
    ]);
  });
});

it('a download answers 304 to a client that has the file', async () => {
  const get = () =>
    request(gateway.url).get(`/api/v1/files/${id}`).set('authorization', authorization).buffer(false);
  const etag = (await get()).headers['etag'] ?? '';
  expect((await get().set('if-none-match', etag)).status).toBe(304);
  expect((await get().set('if-none-match', '"another"')).status).toBe(200);
});

it('HEAD describes a file without its bytes', async () => {
  const { status, headers } = await fetch(`${gateway.url}/api/v1/files/${id}`, {
    method: 'HEAD',
    headers: { authorization, range: 'bytes=0-1' },
  });
  expect([status, headers.get('content-length'), headers.get('accept-ranges')]).toEqual([
    200,
    String(SIZE),
    'bytes',
  ]);
});
