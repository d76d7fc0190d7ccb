import type { LogRenderer, LogRow, PublishedData } from '@switchboard/shared/log';
import { prepared } from '@switchboard/shared/postgres';
import type { DataSource } from 'typeorm';
import { seqOf } from '../domain/log-fact.ts';
import type { MessagesOfPage, StoredMessages } from '../domain/log-sources.ts';
import type { StoredMessage } from '../domain/message.ts';
import { messageColumns } from './message-rows.ts';

/** What leaves of these entries for other systems, in their order. */
export async function integrationData(
  database: DataSource,
  renderer: LogRenderer<MessagesOfPage, StoredMessages>,
  rows: readonly LogRow[],
): Promise<PublishedData[]> {
  const wanted = rows.flatMap(({ chatId, payload }) => {
    const seq = seqOf(payload);
    return seq === undefined ? [] : [{ chatId, seq }];
  });
  const messages =
    wanted.length === 0
      ? []
      : await prepared(database).query<StoredMessage>(
          `/* messages-to-relay */ SELECT ${messageColumns('m')} FROM unnest($1::uuid[], $2::integer[]) AS wanted(chat_id, seq)
     CROSS JOIN LATERAL (SELECT * FROM message.message WHERE chat_id = wanted.chat_id AND seq = wanted.seq) AS m`,
          [wanted.map(({ chatId }) => chatId), wanted.map(({ seq }) => seq)],
        );
  const byPlace = new Map(messages.map((message) => [keyOf(message.chatId, message.seq), message]));
  return renderer.publish(rows, (chatId, seq) => byPlace.get(keyOf(chatId, seq)) ?? missing(chatId, seq));
}

const keyOf = (chatId: string, seq: number): string => `${chatId} ${seq.toString()}`;

function missing(chatId: string, seq: number): never {
  throw new Error(`the log of chat ${chatId} names message ${seq.toString()}, which is not stored`);
}
