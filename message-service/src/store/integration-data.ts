import { newMessage } from '@switchboard/shared/contracts';
import type { LogRow } from '@switchboard/shared/log';
import { prepared } from '@switchboard/shared/postgres';
import type { DataSource } from 'typeorm';
import { renderCreated, type StoredMessage } from '../domain/message.ts';
import { messageColumns } from './message-rows.ts';
import { SeqPayload } from './rendered-log.ts';

/** What other systems are told of these entries, in their order. */
export async function integrationData(database: DataSource, rows: readonly LogRow[]): Promise<unknown[]> {
  const places = rows.map(({ chatId, event, payload }) => (event === newMessage.event ? { chatId, seq: SeqPayload.parse(payload).seq } : undefined));
  const wanted = places.filter((place) => place !== undefined);
  const messages = wanted.length === 0 ? [] : await prepared(database).query<StoredMessage>(
    `/* messages-to-relay */ SELECT ${messageColumns('m')} FROM unnest($1::uuid[], $2::integer[]) AS wanted(chat_id, seq)
     CROSS JOIN LATERAL (SELECT * FROM message.message WHERE chat_id = wanted.chat_id AND seq = wanted.seq) AS m`,
    [wanted.map(({ chatId }) => chatId), wanted.map(({ seq }) => seq)],
  );
  const byPlace = new Map(messages.map((message) => [keyOf(message), renderCreated(message)]));
  return rows.map(({ payload }, index) => {
    const place = places[index];
    return place === undefined ? payload : byPlace.get(keyOf(place)) ?? missing(place);
  });
}

const keyOf = ({ chatId, seq }: { readonly chatId: string; readonly seq: number }): string => `${chatId} ${seq.toString()}`;

function missing({ chatId, seq }: { readonly chatId: string; readonly seq: number }): never {
  throw new Error(`the log of chat ${chatId} names message ${seq.toString()}, which is not stored`);
}
