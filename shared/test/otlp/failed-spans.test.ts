import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { z } from 'zod';
import { createDatabase, type TestDatabase } from '../../../infra/test/helpers/index.ts';
import { receiveHttp, type Receiver } from './receiver.ts';
import { runExport } from './run-export.ts';

// Statements that really fail, from Postgres to the receiver.

const Attributes = z
  .array(z.object({ key: z.string(), value: z.object({ stringValue: z.string().optional() }) }))
  .transform((all) => Object.fromEntries(all.map(({ key, value }) => [key, value.stringValue])));
const Span = z.object({
  name: z.string(),
  status: z.object({ code: z.number(), message: z.string().optional() }),
  attributes: Attributes,
  events: z.array(z.object({ name: z.string(), attributes: Attributes })),
});
const Export = z.object({
  resourceSpans: z.array(z.object({ scopeSpans: z.array(z.object({ spans: z.array(Span) })) })),
});

let database: TestDatabase;
let receiver: Receiver;
beforeAll(async () => {
  [database, receiver] = [await createDatabase(), await receiveHttp()];
  await database.query('CREATE TABLE chat.note (text text CONSTRAINT note_text_key UNIQUE)');
  await database.query('GRANT INSERT ON chat.note TO chat_service');
  await runExport(
    {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `http://127.0.0.1:${String(receiver.port)}/v1/traces`,
      DATABASE_URL: database.url('chat_service'),
    },
    'failing-sql.ts',
  );
}, 60_000);
afterAll(async () => {
  await receiver.stop();
  await database.drop();
});

const failed = () =>
  receiver.received
    .flatMap(({ document }) => Export.parse(document).resourceSpans)
    .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
    .filter(({ status }) => status.code === 2);

it.each([
  ['23505', 'duplicate key value violates unique constraint "note_text_key"'],
  ['22P02', 'invalid input syntax for type uuid: …'],
  ['22P02', 'invalid input syntax for type json'],
  ['57014', 'canceling statement due to statement timeout'],
  ['P0001', 'P0001'],
])('a statement that fails with %s says: %s', (code, reason) => {
  expect(failed()).toContainEqual(
    expect.objectContaining({
      name: expect.stringMatching(/^pg\.query/),
      status: { code: 2, message: reason },
      attributes: expect.objectContaining({ 'db.response.status_code': code, 'error.type': code }),
      events: [
        {
          name: 'exception',
          attributes: { 'exception.type': 'DatabaseError', 'exception.message': reason },
        },
      ],
    }),
  );
});

it('a connection that fails says why', () => {
  expect(failed()).toContainEqual(
    expect.objectContaining({
      name: 'pg.connect',
      status: { code: 2, message: expect.stringContaining('ECONNREFUSED') },
      attributes: expect.objectContaining({ 'error.type': 'ECONNREFUSED' }),
    }),
  );
});

it('no failure holds a value, a parameter or a stack', () => {
  expect(failed()).toHaveLength(6);
  expect(JSON.stringify(receiver.received)).not.toMatch(/secret|stack/);
});
