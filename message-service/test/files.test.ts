import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FileInfo, FileSignature, messageContracts, type Actor } from '@switchboard/shared/contracts';
import { narrow } from '@switchboard/shared/file-holder';
import { waitFor } from '@switchboard/infra/test';
import { admin, owner, stranger } from './given.ts';
import { refusal, startMessageService, type TestMessageService } from './service.ts';

const MAX_FILE_BYTES = 100_000;

let service: TestMessageService;
beforeAll(async () => {
  service = await startMessageService({ MAX_FILE_BYTES: String(MAX_FILE_BYTES) });
});
afterAll(() => service.stop());

const { uploadFile, downloadFile, downloadSignedFile } = messageContracts;
const bytes = Buffer.from('%PDF the bytes of a file');

const grant = async (actor: Actor = owner, name = 'paper.pdf') =>
  (await service.gateway.request(uploadFile, { name, contentType: 'application/pdf' }, { actor })).url;
const put = (url: string, body: NonNullable<RequestInit['body']> = bytes) =>
  fetch(url, { method: 'PUT', body });
const upload = async (actor: Actor = owner): Promise<FileInfo> =>
  FileInfo.parse(await (await put(await grant(actor))).json());
const download = (fileId: string, actor: Actor) =>
  service.gateway.request(downloadFile, { fileId }, { actor });
const blobs = () => readdir(service.filesDir);
const rows = async () => (await service.database.query('SELECT id FROM message.file')).rowCount;

describe('an upload', () => {
  it('stores a file that belongs to the uploader', async () => {
    const response = await put(await grant(owner, 'r"é".pdf'));
    expect(response.status).toBe(201);
    const file = FileInfo.parse(await response.json());
    expect(file).toEqual({
      id: expect.any(String),
      name: 'r"é".pdf',
      contentType: 'application/pdf',
      size: bytes.length,
    });
    const { rows: stored } = await service.database.query(
      'SELECT owner_id, name, size FROM message.file WHERE id = $1',
      [file.id],
    );
    expect(stored).toEqual([{ owner_id: owner.id, name: 'r"é".pdf', size: bytes.length }]);
    expect(await blobs()).toContain(file.id);
  });

  it('is stored up to the limit; one byte more is refused and leaves nothing', async () => {
    expect((await put(await grant(), Buffer.alloc(MAX_FILE_BYTES))).status).toBe(201);
    const before = { rows: await rows(), blobs: await blobs() };
    expect((await put(await grant(), Buffer.alloc(MAX_FILE_BYTES + 1))).status).toBe(413);
    expect({ rows: await rows(), blobs: await blobs() }).toEqual(before);
  });

  it('leaves neither row nor bytes when it breaks off', async () => {
    const before = { rows: await rows(), blobs: await blobs() };
    const transport = request(await grant(), { method: 'PUT', headers: { 'content-length': 50_000 } });
    transport.on('error', () => undefined);
    transport.write(Buffer.alloc(20_000));
    await waitFor(async () => (await blobs()).length > before.blobs.length, { what: 'the upload to begin' });
    transport.destroy();
    await waitFor(async () => (await blobs()).length === before.blobs.length, { what: 'the bytes to go' });
    expect({ rows: await rows(), blobs: await blobs() }).toEqual(before);
  });

  it('leaves no bytes when its row cannot be stored', async () => {
    await service.database.query(
      "ALTER TABLE message.file ADD CONSTRAINT not_this CHECK (name <> 'refused')",
    );
    const before = await blobs();
    expect((await put(await grant(owner, 'refused'))).status).toBe(503);
    expect(await blobs()).toEqual(before);
  });

  it('uses up its ticket, so that the bytes of a file never change', async () => {
    const url = await grant();
    const file = FileInfo.parse(await (await put(url)).json());
    expect((await put(url, Buffer.from('other bytes'))).status).toBe(403);
    const { url: get } = await download(file.id, owner);
    expect(Buffer.from(await (await fetch(get)).arrayBuffer())).toEqual(bytes);
  });
});

describe('the gateway', () => {
  it('removes a file that it has just put, for a request that it then refused', async () => {
    const before = { rows: await rows(), blobs: await blobs() };
    const response = await put(await grant());
    const removeUrl = response.headers.get('location') ?? '';
    expect((await fetch(removeUrl)).status).toBe(403);
    expect((await fetch(removeUrl, { method: 'DELETE' })).status).toBe(204);
    expect((await fetch(removeUrl, { method: 'DELETE' })).status).toBe(204);
    expect({ rows: await rows(), blobs: await blobs() }).toEqual(before);
  });
});

describe('a ticket', () => {
  it('is valid only for the transfer it was granted for', async () => {
    const file = await upload();
    const { url: get } = await download(file.id, owner);
    expect((await put(get)).status).toBe(403);
    expect((await fetch(await grant())).status).toBe(403);
    expect((await fetch(get, { method: 'DELETE' })).status).toBe(403);
    expect((await fetch(get.slice(0, -3))).status).toBe(403);
    expect((await fetch(`${service.url}/blobs/${file.id}`)).status).toBe(403);
  });
});

describe('a download', () => {
  it('returns the bytes to the uploader', async () => {
    const file = await upload();
    const { url, file: info } = await download(file.id, owner);
    expect(info).toEqual(file);
    expect(Buffer.from(await (await fetch(url)).arrayBuffer())).toEqual(bytes);
  });

  it('returns the bytes of a range', async () => {
    const { url } = await download((await upload()).id, owner);
    const response = await fetch(url, { headers: { range: 'bytes=1-3' } });
    expect([response.status, response.headers.get('content-range'), await response.text()]).toEqual([
      206,
      'bytes 1-3/*',
      'PDF',
    ]);
  });

  it('is refused to other users until the file is sent to a chat that they may enter', async () => {
    const file = await upload(admin);
    for (const actor of [owner, stranger])
      expect(await refusal(download(file.id, actor))).toBe('FILE_NOT_FOUND');
    const chatId = service.chatService.open();
    await service.send(chatId, { fileId: file.id }, admin);
    expect(await refusal(download(file.id, owner))).toBeUndefined();
    expect(await refusal(download(file.id, { ...admin, id: 10 }))).toBeUndefined();
    expect(await refusal(download(file.id, stranger))).toBe('FILE_NOT_FOUND');
  });

  it('of an unsent file is refused to admins too', async () => {
    expect(await refusal(download((await upload(owner)).id, admin))).toBe('FILE_NOT_FOUND');
  });

  it('fails alike for a missing file and an invalid file id', async () => {
    for (const id of [randomUUID(), 'not-an-id', '../../etc/passwd'])
      expect(await refusal(download(id, admin))).toBe('FILE_NOT_FOUND');
  });
});

describe('a file in a message', () => {
  it('is a URL whose proof opens the file, as gateways of the version before deliver it', async () => {
    const file = await upload();
    const chatId = service.chatService.open();
    const { fileUrl = '' } = await service.send(chatId, { text: 'see', fileId: file.id });
    expect(fileUrl.startsWith(`https://chat.example/api/v1/files/${file.id}?`)).toBe(true);
    const proof = FileSignature.parse(Object.fromEntries(new URL(fileUrl).searchParams));
    const { url, file: info } = await service.gateway.request(downloadSignedFile, {
      fileId: file.id,
      ...proof,
    });
    expect(info).toEqual(file);
    expect(Buffer.from(await (await fetch(url)).arrayBuffer())).toEqual(bytes);

    const other = await upload();
    for (const forged of [
      { ...proof, fileId: other.id },
      { ...proof, fileId: file.id, signature: 'x' },
      { fileId: file.id, ...proof, expires: '99999999999' },
    ]) {
      expect(await refusal(service.gateway.request(downloadSignedFile, forged))).toBe('FILE_NOT_FOUND');
    }
  });

  it('opens by a narrowed proof for a receiver who may have it now, and for no other', async () => {
    const file = await upload(admin);
    const chatId = service.chatService.open();
    const { fileUrl = '' } = await service.send(chatId, { fileId: file.id }, admin);
    const proof = FileSignature.parse(Object.fromEntries(new URL(fileUrl).searchParams));
    const openAs = ({ id, role }: Actor) => {
      const holder = { userId: id, role, issuedAt: 1_767_000_000, tokenDigest: undefined };
      const signature = narrow(proof.signature, holder);
      return refusal(service.gateway.request(downloadSignedFile, { fileId: file.id, ...proof, signature }));
    };
    for (const reader of [owner, admin, { ...admin, id: 10 }]) expect(await openAs(reader)).toBeUndefined();
    expect(await openAs(stranger)).toBe('FILE_NOT_FOUND');
    await service.database.query('UPDATE message.chat SET client_id = $2 WHERE id = $1', [
      chatId,
      stranger.id,
    ]);
    expect(await openAs(owner)).toBe('FILE_NOT_FOUND');
    expect(await openAs(stranger)).toBeUndefined();
  });

  it("is refused unless it is the sender's own", async () => {
    const chatId = service.chatService.open();
    const file = await upload(stranger);
    expect(await refusal(service.send(chatId, { fileId: file.id }))).toBe('FILE_NOT_FOUND');
    expect(await refusal(service.send(chatId, { fileId: file.id }, admin))).toBe('FILE_NOT_FOUND');
    expect(await refusal(service.send(chatId, { fileId: randomUUID() }))).toBe('FILE_NOT_FOUND');
  });
});
