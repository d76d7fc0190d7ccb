import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { FileInfo, messageContracts, PayloadOf } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import type { Stubs } from './stubs.ts';

export interface StoredFile {
  readonly info: FileInfo;
  readonly bytes: Buffer;
  readonly ownerId: number;
}

/** The side of message-service where the bytes of files go in and out. */
export class FileBytes {
  readonly stored = new Map<string, StoredFile>();
  /** Uploads that began, and those that broke off. */
  begun = 0;
  brokenOff = 0;
  /** What the next download breaks off after. */
  breakOffAfter: number | undefined;
  /** As in the release before. */
  ignoresRanges = false;
  readonly #server: Server;
  readonly #granted = new Map<string, PayloadOf<typeof messageContracts.uploadFile> & { ownerId: number }>();

  private constructor() {
    this.#server = createServer((request, response) => {
      const id = request.url?.slice(1) ?? '';
      if (request.method === 'GET') {
        const bytes = this.stored.get(id)?.bytes ?? Buffer.alloc(0);
        const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
        const isPart = start !== undefined && !this.ignoresRanges;
        response.writeHead(isPart ? 206 : 200);
        if (isPart) response.end(bytes.subarray(Number(start), Number(end) + 1));
        else if (this.breakOffAfter === undefined) response.end(bytes);
        else
          response.write(bytes.subarray(0, this.breakOffAfter), () => {
            response.destroy();
          });
        return;
      }
      if (request.method === 'DELETE') {
        this.stored.delete(id);
        response.writeHead(204).end();
        return;
      }
      this.begun += 1;
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
      });
      request.on('close', () => {
        if (!request.complete) this.brokenOff += 1;
      });
      request.on('end', () => {
        const { name, contentType, ownerId } = this.#granted.get(id) ?? {
          name: '',
          contentType: '',
          ownerId: 0,
        };
        const bytes = Buffer.concat(chunks);
        const info: FileInfo = { id, name, contentType, size: bytes.length };
        this.stored.set(id, { info, bytes, ownerId });
        const location = `http://${request.headers.host ?? ''}/${id}`;
        response.writeHead(201, { 'content-type': 'application/json', location }).end(JSON.stringify(info));
      });
    });
  }

  static async start(stubs: Stubs): Promise<FileBytes> {
    const files = new FileBytes();
    await new Promise<void>((resolve) => {
      files.#server.listen(0, '127.0.0.1', resolve);
    });
    const address = files.#server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
    const open = (fileId: string) => {
      const file = files.stored.get(fileId)?.info;
      return file === undefined
        ? Promise.reject(new Failure('FILE_NOT_FOUND'))
        : Promise.resolve({ file, url: `${url}/${fileId}` });
    };
    stubs.uploadFile = (payload, { actor }) => {
      const id = randomUUID();
      files.#granted.set(id, { ...payload, ownerId: actor.id });
      return Promise.resolve({ url: `${url}/${id}` });
    };
    stubs.downloadFile = ({ fileId }) => open(fileId);
    stubs.downloadSignedFile = ({ fileId, signature }) =>
      signature === 'good' ? open(fileId) : Promise.reject(new Failure('FILE_NOT_FOUND'));
    return files;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
