import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { prepared, type Database } from '@switchboard/shared/postgres';
import type { DataSource } from 'typeorm';
import { createFileStore } from '../src/store/file-store.ts';
import { createMessageStore } from '../src/store/message-store.ts';
import { appendPlain } from '../src/store/plain-sends.ts';
import { createMessageDatabase, type MessageDatabase } from './database.ts';
import { aChat, owner } from './given.ts';

// How Postgres does what is asked for again and again, when it plans without knowing for whom, and while the tables are empty.

interface Node { 'Node Type': string; 'Relation Name'?: string; 'Index Cond'?: string; 'TID Cond'?: string; Plans?: Node[] }

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
const isLookedUp = (node: Node): boolean => node['Index Cond'] !== undefined;

it('looks everything up by an index, and reads no table and no index from end to end', async () => {
  const chatId = await database.addChat(aChat());
  const store = createMessageStore(pool, (id) => id);
  const [sent] = (await appendPlain(statements, [{ id: randomUUID(), chatId, sender: owner, message: { text: 'hi', clientMessageId: 'k' } }])).values();
  const messageId = sent?.kind === 'appended' ? sent.thread.message.id : '';
  await store.snapshot(owner, chatId, 50);
  await store.list(owner, chatId, { limit: 20 });
  await store.catchUp(owner, chatId, { after: messageId }, 500);
  await store.readLog(chatId, 0, 500);
  await store.heads([chatId]);
  await createFileStore(pool).findFor(owner, randomUUID());

  const asked = await statements.query<{ statement: string }>('/* prepared */ SELECT statement FROM pg_prepared_statements');
  const ours = asked.map(({ statement }) => statement).filter((statement) => /message"?\./.test(statement));
  expect(ours.length).toBeGreaterThanOrEqual(7);
  for (const statement of ours) {
    const [row] = await pool.query<{ 'QUERY PLAN': { Plan: Node }[] }[]>(`EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${statement}`);
    const scans = nodesOf(row!['QUERY PLAN'][0]!.Plan).filter((node) => node['Node Type'].includes('Scan') && (node['Relation Name'] !== undefined || node['Node Type'].includes('Index')));
    const looked = scans.filter((node) => node['Node Type'] !== 'Bitmap Heap Scan');
    expect({ statement, endToEnd: looked.filter((node) => !isLookedUp(node)).map((node) => node['Node Type']) }).toEqual({ statement, endToEnd: [] });
  }
});
