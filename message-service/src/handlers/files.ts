import type { Handler } from '@switchboard/shared/bus';
import type { FileInfo, messageContracts } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { v7 as uuid } from 'uuid';
import type { FileUrlHolder, HolderOfFileUrl } from '../domain/message.ts';
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
    holderOf: HolderOfFileUrl,
  ): Handler<typeof messageContracts.downloadSignedFile> =>
  async ({ fileId, ...proof }) => {
    const file = await findForHolder(files, fileId, holderOf(fileId, proof));
    if (file === undefined) throw new Failure('FILE_NOT_FOUND');
    return { file, url: tickets.grantGet(fileId) };
  };

/** The holder needs access to the file at the time of each download. */
async function findForHolder(
  files: FileStore,
  fileId: string,
  holder: FileUrlHolder | undefined,
): Promise<FileInfo | undefined> {
  if (holder === undefined) return undefined;
  return holder === 'anyone' ? files.find(fileId) : files.findFor(holder, fileId);
}
