import type { Handler } from '@switchboard/shared/bus';
import type { FileSignature, messageContracts } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { v7 as uuid } from 'uuid';
import type { FileStore, TransferTickets } from '../domain/message-store.ts';

export const uploadFileHandler =
  (tickets: TransferTickets): Handler<typeof messageContracts.uploadFile> =>
  ({ name, contentType }, { actor }) =>
    Promise.resolve({ url: tickets.grantPut({ fileId: uuid(), ownerId: actor.id, name, contentType }) });

export const downloadFileHandler =
  (files: FileStore, tickets: TransferTickets): Handler<typeof messageContracts.downloadFile> =>
  async ({ fileId }, { actor }) => {
    const file = await files.findFor(actor, fileId);
    if (file === undefined) throw new Failure('FILE_NOT_FOUND');
    return { file, url: tickets.grantGet(fileId) };
  };

export const downloadSignedFileHandler =
  (
    files: FileStore,
    tickets: TransferTickets,
    isGood: (fileId: string, proof: FileSignature) => boolean,
  ): Handler<typeof messageContracts.downloadSignedFile> =>
  async ({ fileId, ...proof }) => {
    const file = isGood(fileId, proof) ? await files.find(fileId) : undefined;
    if (file === undefined) throw new Failure('FILE_NOT_FOUND');
    return { file, url: tickets.grantGet(fileId) };
  };
