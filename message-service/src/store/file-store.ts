import { mayEnterAny, type Actor, type FileInfo } from '@switchboard/shared/contracts';
import { guarded } from '@switchboard/shared/postgres';
import type { DataSource } from 'typeorm';
import type { FileStore } from '../domain/message-store.ts';
import { fileEntity, type FileRow } from './entities.ts';

/** What is known of files; their bytes are elsewhere. */
export function createFileStore(database: DataSource): FileStore {
  const files = database.getRepository(fileEntity);
  return {
    add: (file) => guarded(async () => { await files.createQueryBuilder().insert().values(file).updateEntity(false).execute(); }),

    find: (fileId) => guarded(async () => toInfo(await files.findOneBy({ id: fileId }))),

    findFor: (actor, fileId) => guarded(async () => {
      const file = await files.findOneBy({ id: fileId });
      return file !== null && (file.ownerId === actor.id || (await wasSentToChatOf(actor, fileId))) ? toInfo(file) : undefined;
    }),
  };

  async function wasSentToChatOf(actor: Actor, fileId: string): Promise<boolean> {
    const chats = await database.query<unknown[]>(
      `SELECT 1 FROM message.message m JOIN message.chat c ON c.id = m.chat_id WHERE m.file_id = $1 AND ($2 OR c.client_id = $3) LIMIT 1`,
      [fileId, mayEnterAny(actor), actor.id],
    );
    return chats.length > 0;
  }
}

const toInfo = (row: FileRow | null): FileInfo | undefined =>
  row === null ? undefined : { id: row.id, name: row.name, contentType: row.contentType, size: row.size };
