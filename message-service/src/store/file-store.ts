import { mayEnterAny, type FileInfo } from '@switchboard/shared/contracts';
import { guarded, prepared } from '@switchboard/shared/postgres';
import type { DataSource } from 'typeorm';
import type { FileStore } from '../domain/message-store.ts';
import { fileEntity, type FileRow } from './entities.ts';

/** What is known of files; their bytes are elsewhere. */
export function createFileStore(database: DataSource): FileStore {
  const files = database.getRepository(fileEntity);
  const statements = prepared(database);
  return {
    add: (file) => guarded(async () => { await files.createQueryBuilder().insert().values(file).updateEntity(false).execute(); }),

    find: (fileId) => guarded(async () => toInfo(await files.findOneBy({ id: fileId }))),

    // One statement, whether the file is there or not: the time it takes tells a stranger nothing.
    findFor: (actor, fileId) => guarded(async () => {
      const [file] = await statements.query<FileInfo>(
        `/* file-for */ SELECT id, name, content_type AS "contentType", size FROM message.file WHERE id = $1 AND (owner_id = $2 OR EXISTS (
           SELECT 1 FROM message.message m JOIN message.chat c ON c.id = m.chat_id WHERE m.file_id = $1 AND ($3 OR c.client_id = $2)
         ))`,
        [fileId, actor.id, mayEnterAny(actor)],
      );
      return file;
    }),
  };
}

const toInfo = (row: FileRow | null): FileInfo | undefined =>
  row === null ? undefined : { id: row.id, name: row.name, contentType: row.contentType, size: row.size };
