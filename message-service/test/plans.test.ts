import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { LogRenderer, UnknownEvents } from '@switchboard/shared/log';
import { prepared, type Database } from '@switchboard/shared/postgres';
import { silent } from '@switchboard/infra/test';
import type { DataSource } from 'typeorm';
import { events } from '../src/events.ts';
import { createFileStore } from '../src/store/file-store.ts';
import { createMessageStore } from '../src/store/message-store.ts';
import { PlainAppend } from '../src/send/plain-append.ts';
import { createMessageDatabase, type MessageDatabase } from './database.ts';
import { aChat, owner } from './given.ts';

// The generic plans of the prepared statements, made while the tables are empty.

interface Node {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Cond'?: string;
  'TID Cond'?: string;
  Plans?: Node[];
}

let database: MessageDatabase;
let pool: DataSource;
let statements: Database;
beforeAll(async () => {
  database = await createMessageDatabase();
  pool = await database.open();
  statements = prepared(pool);
});
afterAll(() => database.drop());

const nodesOf = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];
/** A join that adds up the bytes of a page (WindowAgg) again for each row of the messages. */
function choosesPageForEachMessage({ 'Node Type': type, Plans: [outer, inner] = [] }: Node): boolean {
  if (type !== 'Nested Loop' || outer === undefined || inner === undefined) return false;
  return (
    nodesOf(inner).some((node) => node['Node Type'] === 'WindowAgg') &&
    nodesOf(outer).some((node) => node['Relation Name'] === 'message')
  );
}
const isLookup = (node: Node): boolean => node['Index Cond'] !== undefined;

it('looks up every row by an index, and scans no table and no index completely', async () => {
  const chatId = await database.addChat(aChat());
  const store = createMessageStore(pool, (id) => id, new LogRenderer(events, new UnknownEvents(silent)), 0);
  const send = { id: randomUUID(), chatId, sender: owner, message: { text: 'hi', clientMessageId: 'k' } };
  await new PlainAppend(pool).plan([send]).commit();
  await store.snapshot(owner, chatId, 50);
  await store.list(owner, chatId, { limit: 20 });
  await store.timelineMessages(owner, chatId, undefined, 20);
  await store.placements(chatId, 0, 3);
  await store.catchUp(owner, chatId, { after: send.id }, 500);
  await store.readLog(chatId, 0, 500);
  await store.heads([chatId]);
  await createFileStore(pool).findFor(owner, randomUUID());

  const rows = await statements.query<{ statement: string }>(
    '/* prepared */ SELECT statement FROM pg_prepared_statements',
  );
  const texts = rows.map(({ statement }) => statement).filter((statement) => /message"?\./.test(statement));
  expect(texts.length).toBeGreaterThanOrEqual(9);
  for (const statement of texts) {
    const [row] = await pool.query<{ 'QUERY PLAN': { Plan: Node }[] }[]>(
      `EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${statement}`,
    );
    const scans = nodesOf(row!['QUERY PLAN'][0]!.Plan).filter(
      (node) =>
        node['Node Type'].includes('Scan') &&
        (node['Relation Name'] !== undefined || node['Node Type'].includes('Index')),
    );
    const reads = scans.filter((node) => node['Node Type'] !== 'Bitmap Heap Scan');
    expect({
      statement,
      completeScans: reads.filter((node) => !isLookup(node)).map((node) => node['Node Type']),
    }).toEqual({ statement, completeScans: [] });
    const chosenAnew = nodesOf(row!['QUERY PLAN'][0]!.Plan).filter(choosesPageForEachMessage);
    expect({ statement, chosenAnew }).toEqual({ statement, chosenAnew: [] });
  }
});
