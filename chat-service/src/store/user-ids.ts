import type { Subject } from '@switchboard/shared/contracts';
import { databaseWork, prepared } from '@switchboard/shared/postgres';
import type { DataSource } from 'typeorm';
import type { UserIds } from '../domain/user-ids.ts';

/** Numbers of subjects, in one table: unique by issuer and subject. */
export function createUserIds(database: DataSource): UserIds {
  const statements = prepared(database);
  const read = async (sql: string, { issuer, subject }: Subject): Promise<number | undefined> =>
    (await statements.query<{ userId: number }>(sql, [issuer, subject]))[0]?.userId;
  return {
    of: (subject) =>
      databaseWork(async () => {
        const userId =
          (await read(FIND, subject)) ?? (await read(ADD, subject)) ?? (await read(FIND, subject));
        if (userId === undefined) throw new Error('a subject was neither found nor added');
        return userId;
      }),
  };
}

const FIND =
  '/* find-subject */ SELECT user_id AS "userId" FROM chat.subject WHERE issuer = $1 AND subject = $2';
/** Adds nothing when another request has added it meanwhile. */
const ADD =
  '/* add-subject */ INSERT INTO chat.subject (issuer, subject) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING user_id AS "userId"';
