import type { Placement } from '@switchboard/shared/contracts';
import type { Database } from '@switchboard/shared/postgres';

/** The stored places of the entries behind `after`, up to `upTo`. */
export const readPlacements = (
  database: Database,
  chatId: string,
  after: number,
  upTo: number,
): Promise<Placement[]> =>
  database.query(
    `/* read-placements */ SELECT rev, after_seq AS "afterSeq", after_rev AS "afterRev" FROM chat.placement WHERE chat_id = $1 AND rev > $2 AND rev <= $3`,
    [chatId, after, upTo],
  );

/** Records in one statement that message-service holds a version, and the places it replied with. */
export const confirmVersion = (
  database: Database,
  chatId: string,
  version: number,
  placements: readonly Placement[],
): Promise<unknown> =>
  database.query(
    `WITH placed AS (
       INSERT INTO chat.placement (chat_id, rev, after_seq, after_rev)
       SELECT $1::uuid, * FROM unnest($3::integer[], $4::integer[], $5::integer[]) ON CONFLICT DO NOTHING
     )
     UPDATE chat.chat SET confirmed_version = $2 WHERE id = $1 AND confirmed_version < $2`,
    [
      chatId,
      version,
      placements.map(({ rev }) => rev),
      placements.map(({ afterSeq }) => afterSeq),
      placements.map(({ afterRev }) => afterRev),
    ],
  );
