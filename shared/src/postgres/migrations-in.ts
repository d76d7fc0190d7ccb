import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { MigrationInterface } from 'typeorm';

export type Migration = new () => MigrationInterface;

const FILE = /^(\d{13})-[a-z0-9-]+\.ts$/;

/**
 * Every migration of a folder, in the order of their numbers. The file is the registration: its name is a
 * number of 13 digits and a word, and it exports one class, whose name ends in that number.
 */
export async function migrationsIn(folder: URL): Promise<Migration[]> {
  const files = (await readdir(fileURLToPath(folder))).filter((name) => name.endsWith('.ts')).toSorted();
  const numbers = files.map((file) => FILE.exec(file)?.[1]);
  return Promise.all(
    files.map((file, index) => {
      const number = numbers[index];
      if (number === undefined)
        throw new Error(`migrations/${file}: a migration's file is named like 1764000000000-topics.ts`);
      if (numbers.indexOf(number) !== index)
        throw new Error(`migrations/${file}: another migration has this number`);
      return migrationOf(new URL(file, folder), number);
    }),
  );
}

async function migrationOf(file: URL, number: string): Promise<Migration> {
  const exported: unknown = await import(file.href);
  const [migration, ...others] = isObject(exported) ? Object.values(exported) : [];
  if (!isMigration(migration) || others.length > 0 || !migration.name.endsWith(number))
    throw new Error(`${file.pathname}: must export one class, a migration whose name ends in ${number}`);
  return migration;
}

const isMigration = (value: unknown): value is Migration =>
  typeof value === 'function' && isObject(value.prototype) && typeof value.prototype['up'] === 'function';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
