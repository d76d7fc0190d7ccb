import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { silent, waitFor } from '@switchboard/infra/test';
import type { DataSource } from 'typeorm';
import { v7 as uuid } from 'uuid';
import type { BlobStore } from '../src/files/blob-store.ts';
import { createLocalBlobs } from '../src/files/local-blobs.ts';
import { FileSweep } from '../src/files/sweep.ts';
import { createFileStore } from '../src/store/file-store.ts';
import { createMessageDatabase, type MessageDatabase } from './database.ts';
import { owner } from './given.ts';

let database: MessageDatabase;
let pool: DataSource;
let folder: string;
let blobs: BlobStore;
beforeAll(async () => {
  database = await createMessageDatabase();
  pool = await database.open();
  folder = await mkdtemp(join(tmpdir(), 'switchboard-sweep-'));
  blobs = await createLocalBlobs(folder, 1_000);
});
beforeEach(async () => {
  await database.query('DELETE FROM message.message; DELETE FROM message.file');
  for (const name of await readdir(folder)) await rm(join(folder, name));
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

const aSweep = (store: BlobStore = blobs) => new FileSweep(createFileStore(pool), store, silent);

/** A stored file of this age. */
async function aFile(ageHours: number): Promise<string> {
  const id = uuid();
  await blobs.write(id, Readable.from([Buffer.from('bytes')]));
  const file = { id, name: 'x', contentType: 'text/plain', size: 5 };
  await createFileStore(pool).add({ ...file, ownerId: owner.id });
  await age(id, ageHours);
  return id;
}
const age = (id: string, hours: number) =>
  database.query('UPDATE message.file SET created_at = now() - $2 * interval $$1 hour$$ WHERE id = $1', [
    id,
    hours,
  ]);
const INSERT = `INSERT INTO message.message (chat_id, seq, id, sender_id, sender_email, sender_role, file_id, created_at, rev, chat_version)
  VALUES (gen_random_uuid(), 1, gen_random_uuid(), 1, '', 'client', $1, now(), 1, 1)`;

async function left(): Promise<{ rows: string[]; blobs: string[] }> {
  const { rows } = await database.query<{ id: string }>('SELECT id FROM message.file ORDER BY id');
  return { rows: rows.map(({ id }) => id), blobs: (await readdir(folder)).toSorted() };
}

it('removes the rows and bytes of files that no message took within a day, and no others', async () => {
  const [sent, , recent] = [await aFile(1_000), await aFile(25), await aFile(23)];
  await database.query(INSERT, [sent]);
  expect(await aSweep().sweep()).toBe(1);
  expect(await left()).toEqual({ rows: [sent, recent].toSorted(), blobs: [sent, recent].toSorted() });
});

it('removes files that became old since the pass before, also an earlier id', async () => {
  const sweep = aSweep();
  const [early, late] = [await aFile(23), await aFile(25)];
  expect(await sweep.sweep()).toBe(1);
  expect(await left()).toMatchObject({ rows: [early] });
  await age(early, 25);
  expect([await sweep.sweep(), await left()]).toEqual([1, { rows: [], blobs: [] }]);
  expect(early < late).toBe(true);
});

it('removes more files than a page has', async () => {
  await database.query(
    `INSERT INTO message.file SELECT gen_random_uuid(), 1, 'x', 'x', 1, now() - interval '2 days' FROM generate_series(1, 600)`,
  );
  expect([await aSweep().sweep(), await left()]).toEqual([600, { rows: [], blobs: [] }]);
});

it('leaves a file that a message takes at that moment', async () => {
  const id = await aFile(25);
  const send = pool.createQueryRunner();
  await send.startTransaction();
  await send.query('SELECT id, owner_id FROM message.file WHERE id = ANY($1::uuid[])', [[id]]);
  const sweeping = aSweep().sweep();
  await waitFor(
    async () => {
      const waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'message.file'::regclass";
      return (await database.query(waiting)).rowCount === 1;
    },
    { what: 'the sweep to wait for the send' },
  );
  await send.query(INSERT, [id]);
  await send.commitTransaction();
  await send.release();
  expect([await sweeping, await left()]).toEqual([0, { rows: [id], blobs: [id] }]);
});

it('leaves a file to the next pass when a transaction holds on to the table', async () => {
  const id = await aFile(25);
  const other = pool.createQueryRunner();
  await other.startTransaction();
  await other.query('SELECT FROM message.file');
  const sweep = aSweep();
  await expect(sweep.sweep()).rejects.toThrow();
  await other.rollbackTransaction();
  await other.release();
  expect(await left()).toMatchObject({ rows: [id] });
  expect(await sweep.sweep()).toBe(1);
});

it('gives no message a file that it withdrew, and finishes after a crash', async () => {
  const id = await aFile(25);
  const failing = { ...blobs, remove: () => Promise.reject(new Error('crashed')) };
  await expect(aSweep(failing).sweep()).rejects.toThrow('crashed');
  const { rows } = await database.query('SELECT FROM message.file WHERE owner_id = $1', [owner.id]);
  expect([rows, await left()]).toEqual([[], { rows: [id], blobs: [id] }]);
  expect([await aSweep().sweep(), await left()]).toEqual([1, { rows: [], blobs: [] }]);
  expect(await createFileStore(pool).findFor(owner, randomUUID())).toBeUndefined();
});
