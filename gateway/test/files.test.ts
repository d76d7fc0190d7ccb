import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { FileInfo } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import request from 'supertest';
import { z } from 'zod';
import { waitFor } from '@switchboard/infra/test';
import { FileBytes } from './file-bytes.ts';
import { owner, tokenOf } from './given.ts';
import { startGateway, type TestGateway } from './gateway.ts';

const MAX_FILE_BYTES = 300_000;

let gateway: TestGateway;
let files: FileBytes;
beforeAll(async () => {
  gateway = await startGateway({ MAX_FILE_BYTES: String(MAX_FILE_BYTES) });
  files = await FileBytes.start(gateway.stubs);
});
afterEach(() => {
  files.breakOffAfter = undefined;
});
afterAll(async () => {
  await gateway.stop();
  await files.stop();
});

const bearer = `Bearer ${tokenOf(owner)}`;
const post = () => request(gateway.url).post('/api/v1/files').set('authorization', bearer);
const upload = async (bytes: Buffer, filename: string, contentType: string): Promise<FileInfo> => {
  const response = await post().attach('file', bytes, { filename, contentType });
  expect([response.status, response.text]).toEqual([201, expect.any(String)]);
  return FileInfo.parse(response.body);
};
const download = (path: string) =>
  request(gateway.url)
    .get(`/api/v1/files/${path}`)
    .buffer(true)
    .parse((response, done) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
      });
      response.on('end', () => {
        done(null, Buffer.concat(chunks));
      });
    });
const Problem = z.object({ code: z.string() });
const codeOf = (response: request.Response): [number, string] => [
  response.status,
  Problem.parse(JSON.parse(response.text)).code,
];

describe('an upload', () => {
  it('streams the bytes through and replies with the file', async () => {
    const bytes = randomBytes(200_000);
    const file = await upload(bytes, 'paper.pdf', 'application/pdf');
    expect(file).toEqual({
      id: expect.any(String),
      name: 'paper.pdf',
      contentType: 'application/pdf',
      size: bytes.length,
    });
    expect(files.stored.get(file.id)?.bytes.equals(bytes)).toBe(true);
    expect(files.stored.get(file.id)?.ownerId).toBe(owner.id);
  });

  it('may be empty or as large as allowed', async () => {
    expect((await upload(Buffer.alloc(0), 'empty', 'text/plain')).size).toBe(0);
    expect((await upload(Buffer.alloc(MAX_FILE_BYTES), 'full', 'text/plain')).size).toBe(MAX_FILE_BYTES);
  });

  it('that is too large is refused and aborted', async () => {
    const before = files.stored.size;
    expect(codeOf(await post().attach('file', Buffer.alloc(MAX_FILE_BYTES + 1), 'large'))).toEqual([
      413,
      'TOO_LARGE',
    ]);
    expect(codeOf(await post().attach('file', Buffer.alloc(MAX_FILE_BYTES * 10), 'very large'))).toEqual([
      413,
      'TOO_LARGE',
    ]);
    expect(files.stored.size).toBe(before);
  });

  it.each<[string, () => request.Test]>([
    ['without a file', () => post().field('other', 'text')],
    ['without a form', () => post()],
    ['with a text for a file', () => post().field('file', 'text')],
    ['with a file under another name', () => post().attach('picture', Buffer.from('x'), 'x.png')],
    [
      'with two files',
      () => post().attach('file', Buffer.from('x'), 'x').attach('file', Buffer.from('y'), 'y'),
    ],
    ['with a file and more', () => post().attach('file', Buffer.from('x'), 'x').field('other', 'text')],
    [
      'with a form that ends too soon',
      () =>
        post()
          .set('content-type', 'multipart/form-data; boundary=b')
          .send('--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nbytes'),
    ],
    ['with a form without a boundary', () => post().set('content-type', 'multipart/form-data').send('x')],
  ])('%s is refused', async (_, send) => {
    const before = files.stored.size;
    expect(codeOf(await send())).toEqual([400, 'VALIDATION']);
    expect(files.stored.size).toBe(before);
  });

  it.each<[string, () => request.Test]>([
    ['JSON', () => post().send({ file: 'x' })],
    ['a form of texts', () => post().type('form').send({ file: 'x' })],
    ['bytes alone', () => post().set('content-type', 'image/png').send('x')],
  ])('refuses %s and names the form that it takes', async (_, send) => {
    const response = await send();
    expect(codeOf(response)).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    expect(response.headers['accept']).toBe('multipart/form-data');
  });

  it('without a token is refused before any byte is read', async () => {
    const before = files.begun;
    expect(
      codeOf(await request(gateway.url).post('/api/v1/files').attach('file', Buffer.from('x'), 'x')),
    ).toEqual([401, 'UNAUTHORIZED']);
    expect(files.begun).toBe(before);
  });

  it('that is refused while it is sent gets its response, and its rest is read', async () => {
    const transport = httpRequest(`${gateway.url}/api/v1/files`, {
      method: 'POST',
      agent: false,
      headers: { 'content-length': 1_000_000, connection: 'keep-alive' },
    });
    const errors: unknown[] = [];
    transport.on('error', (error) => {
      errors.push(error);
    });
    transport.write(Buffer.alloc(100_000));
    const [response] = (await once(transport, 'response')) as [IncomingMessage];
    response.resume();
    await once(response, 'end');
    transport.end(Buffer.alloc(900_000));
    await once(transport, 'close');
    expect([response.statusCode, transport.writableFinished, errors]).toEqual([401, true, []]);
  });

  it('that is refused gets its response also with Connection: close', async () => {
    const transport = httpRequest(`${gateway.url}/api/v1/files`, {
      method: 'POST',
      agent: false,
      headers: { 'content-length': 5_000_000, connection: 'close' },
    });
    transport.end(Buffer.alloc(5_000_000));
    const [response] = (await once(transport, 'response')) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(401);
  });

  it('that breaks off is aborted at message-service too', async () => {
    const { begun, brokenOff, stored } = files;
    const before = stored.size;
    const transport = httpRequest(`${gateway.url}/api/v1/files`, {
      method: 'POST',
      agent: false,
      headers: {
        authorization: bearer,
        'content-type': 'multipart/form-data; boundary=b',
        'content-length': 250_000,
      },
    });
    transport.on('error', () => undefined);
    transport.write('--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n');
    transport.write(Buffer.alloc(100_000));
    await waitFor(() => files.begun === begun + 1, { what: 'the upload to begin' });
    transport.destroy();
    await waitFor(() => files.brokenOff === brokenOff + 1, { what: 'the upload to break off' });
    expect(stored.size).toBe(before);
  });

  it('that cannot be stored gets a retryable error', async () => {
    const before = gateway.stubs.uploadFile;
    gateway.stubs.uploadFile = () => Promise.resolve({ url: 'http://127.0.0.1:9/nobody' });
    expect(codeOf(await post().attach('file', Buffer.alloc(100_000), 'x'))).toEqual([503, 'UNAVAILABLE']);
    gateway.stubs.uploadFile = () => Promise.reject(new Failure('UNAVAILABLE'));
    expect(codeOf(await post().attach('file', Buffer.alloc(100_000), 'x'))).toEqual([503, 'UNAVAILABLE']);
    gateway.stubs.uploadFile = before;
  });

  it.each([
    ['re"sum\'e;.pdf', 're"sum\'e;.pdf'],
    ['Überweisung – 語 👩‍👧.pdf', 'Überweisung – 語 👩‍👧.pdf'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\Users\\me\\paper.pdf', 'paper.pdf'],
    ['x'.repeat(300), 'x'.repeat(200)],
  ])('named %j is known as %j', async (given, name) => {
    expect((await upload(Buffer.from('x'), given, 'text/plain')).name).toBe(name);
  });

  it('has its type in lower case', async () => {
    expect((await upload(Buffer.from('x'), 'x', 'Image/PNG')).contentType).toBe('image/png');
  });
});

describe('a download', () => {
  it('streams the bytes back as an attachment without content sniffing', async () => {
    const bytes = randomBytes(250_000);
    const { id } = await upload(bytes, 'page.html', 'text/html');
    const response = await download(id).set('authorization', bearer);
    expect(response.status).toBe(200);
    expect(response.body).toEqual(bytes);
    expect(response.headers).toMatchObject({
      'content-type': 'text/html',
      'content-length': '250000',
      'x-content-type-options': 'nosniff',
      'content-disposition': 'attachment; filename=page.html',
      'content-security-policy': "default-src 'none'; sandbox",
    });
    expect(response.headers['cache-control']).toContain('private');
  });

  it.each([
    ['image/png', 'inline'],
    ['image/jpeg', 'inline'],
    ['image/webp', 'inline'],
    ['image/svg+xml', 'attachment'],
    ['text/html', 'attachment'],
    ['application/pdf', 'attachment'],
    ['image/png2', 'attachment'],
  ])('of %s is %s', async (type, how) => {
    const { id } = await upload(Buffer.from('x'), 'attachment.x', type);
    const { headers } = await download(id).set('authorization', bearer);
    expect(headers['content-disposition']).toBe(`${how}; filename=attachment.x`);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['content-type']?.split(';')[0]).toBe(type);
  });

  it('keeps any name', async () => {
    const quoted = await upload(Buffer.from('x'), 'a "b".png', 'image/png');
    expect((await download(quoted.id).set('authorization', bearer)).headers['content-disposition']).toBe(
      'inline; filename="a \\"b\\".png"',
    );
    const wide = await upload(Buffer.from('x'), '語 é.txt', 'text/plain');
    expect((await download(wide.id).set('authorization', bearer)).headers['content-disposition']).toContain(
      "filename*=UTF-8''%E8%AA%9E%20%C3%A9.txt",
    );
  });

  it('opens by its signature without a header, and not by another', async () => {
    const { id } = await upload(Buffer.from('bytes'), 'x.txt', 'text/plain');
    expect((await download(`${id}?expires=1&signature=good`)).body).toEqual(Buffer.from('bytes'));
    for (const query of [
      'expires=1&signature=bad',
      'expires=1&signature=',
      'signature=good',
      'expires=soon&signature=good',
      'expires=1&signature=good&signature=good',
    ]) {
      expect(codeOf(await request(gateway.url).get(`/api/v1/files/${id}?${query}`))).toEqual([
        404,
        'FILE_NOT_FOUND',
      ]);
    }
    // What others append to a link is not ours to judge.
    expect((await download(`${id}?expires=1&signature=good&utm=1`)).body).toEqual(Buffer.from('bytes'));
    expect((await download(`${id}?expires=1&signature=bad`).set('authorization', bearer)).body).toEqual(
      Buffer.from('bytes'),
    );
    expect(codeOf(await request(gateway.url).get(`/api/v1/files/${id}`))).toEqual([401, 'UNAUTHORIZED']);
  });

  it('of an unknown or invalid id gets FILE_NOT_FOUND', async () => {
    for (const id of [randomUUID(), 'not-an-id', '..%2f..%2fetc%2fpasswd']) {
      expect(
        codeOf(await request(gateway.url).get(`/api/v1/files/${id}`).set('authorization', bearer)),
      ).toEqual([404, 'FILE_NOT_FOUND']);
    }
  });

  it('whose bytes cannot be fetched gets a problem document', async () => {
    const { id } = await upload(Buffer.from('bytes'), 'x.txt', 'text/plain');
    const before = gateway.stubs.downloadFile;
    gateway.stubs.downloadFile = async (payload, context) => ({
      ...(await before(payload, context)),
      url: 'http://127.0.0.1:9/nobody',
    });
    expect(
      codeOf(await request(gateway.url).get(`/api/v1/files/${id}`).set('authorization', bearer)),
    ).toEqual([503, 'UNAVAILABLE']);
    gateway.stubs.downloadFile = before;
  });

  it('that breaks off at message-service breaks off for the client', async () => {
    const { id } = await upload(randomBytes(250_000), 'x.txt', 'text/plain');
    files.breakOffAfter = 1_000;
    await expect(
      fetch(`${gateway.url}/api/v1/files/${id}`, { headers: { authorization: bearer } }).then((response) =>
        response.arrayBuffer(),
      ),
    ).rejects.toThrow();
  });
});
