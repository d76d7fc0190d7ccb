import { mayEnterAny, type FileInfo } from '@switchboard/shared/contracts';
import { databaseWork, prepared } from '@switchboard/shared/postgres';
import { Not, type DataSource } from 'typeorm';
import type { FileStore } from '../domain/message-store.ts';
import { fileEntity, type FileRow } from './entities.ts';
import { NO_OWNER } from './file-columns.ts';
import { fileInfo } from './message-rows.ts';

/** How long a file waits for a message. */
const UNSENT_FOR = '24 hours';
/** Uploads, downloads and sends of files wait for this long at most. */
const LOCK_TIMEOUT = '500ms';
const FIRST = '00000000-0000-0000-0000-000000000000';

/** The rows of files; a BlobStore has their bytes. */
export function createFileStore(database: DataSource): FileStore {
  const files = database.getRepository(fileEntity);
  const statements = prepared(database);
  return {
    add: (file) =>
      databaseWork(async () => {
        await files.createQueryBuilder().insert().values(file).updateEntity(false).execute();
      }),

    find: (fileId) =>
      databaseWork(async () => toInfo(await files.findOneBy({ id: fileId, ownerId: Not(NO_OWNER) }))),

    // One statement whether the file exists or not, so that the time does not reveal it to a stranger.
    findFor: (actor, fileId) =>
      databaseWork(async () => {
        const [file] = await statements.query<{ info: FileInfo }>(
          `/* file-for */ SELECT ${fileInfo('file')} AS info FROM message.file WHERE id = $1 AND (owner_id = $2 OR EXISTS (
           SELECT 1 FROM message.message m JOIN message.chat c ON c.id = m.chat_id WHERE m.file_id = $1 AND ($3 OR c.client_id = $2)
         ))`,
          [fileId, actor.id, mayEnterAny(actor)],
        );
        return file?.info;
      }),

    listOld: (after, limit) =>
      databaseWork(async () => {
        const rows = await statements.query<{ id: string; isSent: boolean }>(
          `/* old-files */ SELECT id, EXISTS (SELECT FROM message.message WHERE file_id = file.id) AS "isSent" FROM message.file
           WHERE id > $1 AND created_at < now() - interval '${UNSENT_FOR}' ORDER BY id LIMIT $2`,
          [after ?? FIRST, limit],
        );
        return {
          unsent: rows.filter(({ isSent }) => !isSent).map(({ id }) => id),
          last: rows.at(-1)?.id,
        };
      }),

    withdraw: (fileId) =>
      databaseWork(async () => {
        await files.update({ id: fileId }, { ownerId: NO_OWNER });
      }),

    withdrawUnsent: (fileIds) =>
      databaseWork(() =>
        database.transaction(async (transaction) => {
          // A send reads the file in the transaction in which it inserts the message. This waits for those
          // that have read it, and later ones read that it was withdrawn.
          await transaction.query(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`);
          await transaction.query('LOCK TABLE message.file IN ACCESS EXCLUSIVE MODE');
          const [rows]: [{ id: string }[], number] = await transaction.query(
            `UPDATE message.file SET owner_id = $2
             WHERE id = ANY($1::uuid[]) AND NOT EXISTS (SELECT FROM message.message WHERE file_id = file.id) RETURNING id`,
            [fileIds, NO_OWNER],
          );
          return rows.map(({ id }) => id);
        }),
      ),

    forget: (fileId) =>
      databaseWork(async () => {
        await files.delete({ id: fileId, ownerId: NO_OWNER });
      }),
  };
}

const toInfo = (row: FileRow | null): FileInfo | undefined =>
  row === null
    ? undefined
    : {
        id: row.id,
        name: row.name,
        contentType: row.contentType,
        size: row.size,
        width: row.width ?? undefined,
        height: row.height ?? undefined,
      };
