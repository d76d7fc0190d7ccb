import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FileInfo, FileSignature, messageContracts, type Actor } from '@switchboard/shared/contracts';
import { waitFor } from '../../infra/testing/index.ts';
import { admin, owner, stranger } from './given.ts';
import { refusal, startMessageService, type TestMessageService } from './service.ts';

const MAX_FILE_BYTES = 100_000;

let service: TestMessageService;
beforeAll(async () => { service = await startMessageService({ MAX_FILE_BYTES: String(MAX_FILE_BYTES) }); });
afterAll(() => service.stop());

const { uploadFile, downloadFile, downloadSignedFile } = messageContracts;
const bytes = Buffer.from('%PDF the bytes of a file');

const grant = async (actor: Actor = owner, name = 'paper.pdf') => (await service.gateway.request(uploadFile, { name, contentType: 'application/pdf' }, { actor })).url;
const put = (url: string, body: NonNullable<RequestInit['body']> = bytes) => fetch(url, { method: 'PUT', body });
const upload = async (actor: Actor = owner): Promise<FileInfo> => FileInfo.parse(await (await put(await grant(actor))).json());
const download = (fileId: string, actor: Actor) => service.gateway.request(downloadFile, { fileId }, { actor });
const blobs = () => readdir(service.filesDir);
const rows = async () => (await service.database.query('SELECT id FROM message.file')).rowCount;

describe('an upload', () => {
  it('by ticket makes a file of the uploader', async () => {
    const response = await put(await grant(owner, 'r"é".pdf'));
    expect(response.status).toBe(201);
    const file = FileInfo.parse(await response.json());
    expect(file).toEqual({ id: expect.any(String), name: 'r"é".pdf', contentType: 'application/pdf', size: bytes.length });
    const { rows: stored } = await service.database.query('SELECT owner_id, name, size FROM message.file WHERE id = $1', [file.id]);
    expect(stored).toEqual([{ owner_id: owner.id, name: 'r"é".pdf', size: bytes.length }]);
    expect(await blobs()).toContain(file.id);
  });

  it('up to the limit is taken, a byte more is not and leaves nothing', async () => {
    expect((await put(await grant(), Buffer.alloc(MAX_FILE_BYTES))).status).toBe(201);
    const before = { rows: await rows(), blobs: await blobs() };
    expect((await put(await grant(), Buffer.alloc(MAX_FILE_BYTES + 1))).status).toBe(413);
    expect({ rows: await rows(), blobs: await blobs() }).toEqual(before);
  });

  it('that breaks off leaves neither row nor bytes', async () => {
    const before = { rows: await rows(), blobs: await blobs() };
    const transport = request(await grant(), { method: 'PUT', headers: { 'content-length': 50_000 } });
    transport.on('error', () => undefined);
    transport.write(Buffer.alloc(20_000));
    await waitFor(async () => (await blobs()).length > before.blobs.length, { what: 'the upload to begin' });
    transport.destroy();
    await waitFor(async () => (await blobs()).length === before.blobs.length, { what: 'the bytes to go' });
    expect({ rows: await rows(), blobs: await blobs() }).toEqual(before);
  });

  it('whose row cannot be stored leaves no bytes', async () => {
    await service.database.query('ALTER TABLE message.file ADD CONSTRAINT not_this CHECK (name <> \'refused\')');
    const before = await blobs();
    expect((await put(await grant(owner, 'refused'))).status).toBe(503);
    expect(await blobs()).toEqual(before);
  });

  it('takes each ticket once: the bytes of a file never change', async () => {
    const url = await grant();
    const file = FileInfo.parse(await (await put(url)).json());
    expect((await put(url, Buffer.from('other bytes'))).status).toBe(403);
    const { url: get } = await download(file.id, owner);
    expect(Buffer.from(await (await fetch(get)).arrayBuffer())).toEqual(bytes);
  });
});

describe('a ticket', () => {
  it('is good for what it was given for only', async () => {
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
  it('gives the uploader the bytes', async () => {
    const file = await upload();
    const { url, file: info } = await download(file.id, owner);
    expect(info).toEqual(file);
    expect(Buffer.from(await (await fetch(url)).arrayBuffer())).toEqual(bytes);
  });

  it('is for nobody else before the file was sent, and afterwards for who may enter the chat', async () => {
    const file = await upload(admin);
    for (const actor of [owner, stranger]) expect(await refusal(download(file.id, actor))).toBe('FILE_NOT_FOUND');
    const chatId = service.chatService.open();
    await service.send(chatId, { fileId: file.id }, admin);
    expect(await refusal(download(file.id, owner))).toBeUndefined();
    expect(await refusal(download(file.id, { ...admin, id: 10 }))).toBeUndefined();
    expect(await refusal(download(file.id, stranger))).toBe('FILE_NOT_FOUND');
  });

  it('of a file that was not sent is not for an admin either', async () => {
    expect(await refusal(download((await upload(owner)).id, admin))).toBe('FILE_NOT_FOUND');
  });

  it('of no file and of no file id read alike', async () => {
    for (const id of [randomUUID(), 'not-an-id', '../../etc/passwd']) expect(await refusal(download(id, admin))).toBe('FILE_NOT_FOUND');
  });
});

describe('a file in a message', () => {
  it('comes as a URL whose proof opens it for everyone', async () => {
    const file = await upload();
    const chatId = service.chatService.open();
    const { fileUrl = '' } = await service.send(chatId, { text: 'see', fileId: file.id });
    expect(fileUrl.startsWith(`https://chat.example/api/v1/files/${file.id}?`)).toBe(true);
    const proof = FileSignature.parse(Object.fromEntries(new URL(fileUrl).searchParams));
    const { url, file: info } = await service.gateway.request(downloadSignedFile, { fileId: file.id, ...proof });
    expect(info).toEqual(file);
    expect(Buffer.from(await (await fetch(url)).arrayBuffer())).toEqual(bytes);

    const other = await upload();
    for (const forged of [{ ...proof, fileId: other.id }, { ...proof, fileId: file.id, signature: 'x' }, { fileId: file.id, ...proof, expires: '99999999999' }]) {
      expect(await refusal(service.gateway.request(downloadSignedFile, forged))).toBe('FILE_NOT_FOUND');
    }
  });

  it('must be the sender\'s own', async () => {
    const chatId = service.chatService.open();
    const file = await upload(stranger);
    expect(await refusal(service.send(chatId, { fileId: file.id }))).toBe('FILE_NOT_FOUND');
    expect(await refusal(service.send(chatId, { fileId: file.id }, admin))).toBe('FILE_NOT_FOUND');
    expect(await refusal(service.send(chatId, { fileId: randomUUID() }))).toBe('FILE_NOT_FOUND');
  });
});
