import type { Handler } from '@switchboard/shared/bus';
import type { FileSignature, messageContracts } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { v7 as uuid } from 'uuid';
import type { FileStore } from '../domain/message-store.ts';
import type { Tickets } from '../files/tickets.ts';

export const uploadFileHandler = (tickets: Tickets): Handler<typeof messageContracts.uploadFile> =>
  ({ name, contentType }, { actor }) => Promise.resolve({ url: tickets.grant({ action: 'put', fileId: uuid(), ownerId: actor.id, name, contentType }) });

export const downloadFileHandler = (files: FileStore, tickets: Tickets): Handler<typeof messageContracts.downloadFile> =>
  async ({ fileId }, { actor }) => {
    const file = await files.findFor(actor, fileId);
    if (file === undefined) throw new Failure('FILE_NOT_FOUND');
    return { file, url: tickets.grant({ action: 'get', fileId }) };
  };

export const downloadSignedFileHandler = (
  files: FileStore,
  tickets: Tickets,
  isGood: (fileId: string, proof: FileSignature) => boolean,
): Handler<typeof messageContracts.downloadSignedFile> =>
  async ({ fileId, ...proof }) => {
    const file = isGood(fileId, proof) ? await files.find(fileId) : undefined;
    if (file === undefined) throw new Failure('FILE_NOT_FOUND');
    return { file, url: tickets.grant({ action: 'get', fileId }) };
  };
