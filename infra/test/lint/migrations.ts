import { globSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { root } from '../../dev/topology/paths.ts';

/** Older than the first release: no earlier version ran. */
const BEFORE_THE_FIRST_RELEASE = 1764200000000;

/** The files of all migrations that a previous version may meet. */
export const laterMigrations = (): string[] =>
  globSync('{*-service,infra/webhook-service}/src/store/migrations/*.ts', { cwd: root })
    .filter((file) => Number(/(\d{13})/.exec(file)?.[1]) > BEFORE_THE_FIRST_RELEASE)
    .toSorted();

/** The offences of a file's migrations. */
export async function offencesIn(file: string): Promise<string[]> {
  const exported: Record<string, new () => MigrationInterface> = await import(
    pathToFileURL(join(root, file)).href
  );
  const statements = await Promise.all(Object.values(exported).map((Each) => statementsOf(new Each())));
  return statements.flatMap(offencesOf);
}

/** The statements of a migration, read without a database. */
export async function statementsOf(migration: MigrationInterface): Promise<string[]> {
  const executed: string[] = [];
  const query = (sql: string) => {
    executed.push(sql);
    return Promise.resolve([]);
  };
  await migration.up({ query } as unknown as QueryRunner);
  return executed
    .flatMap((sql) => sql.split(';'))
    .map((sql) => sql.replaceAll(/--.*$/gm, '').replaceAll(/\s+/g, ' ').trim())
    .filter((sql) => sql !== '');
}

/** Statements after which the previous version may fail or read unknown values. */
const BREAKS: readonly [what: string, pattern: RegExp][] = [
  ['removes', /\bDROP (TABLE|COLUMN|VIEW|TYPE|SEQUENCE|SCHEMA)\b/i],
  ['renames', /\bRENAME\b/i],
  ['changes a type', /\bALTER (COLUMN )?\S+ (SET DATA )?TYPE\b/i],
  [
    'requires a value that the previous version does not write',
    /\bSET NOT NULL\b|\bADD COLUMN (?:(?!\bDEFAULT\b)[^,])*\bNOT NULL\b(?:(?!\bDEFAULT\b)[^,])*(?:,|$)/i,
  ],
  ['narrows the allowed values', /\bADD CONSTRAINT\b|\bADD (CHECK|UNIQUE|PRIMARY|FOREIGN)\b/i],
  ['empties', /\bTRUNCATE\b|\bDELETE FROM\b/i],
];

/** Blocks writes to the table for a time that grows with its size. */
const INDEX = /\bCREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY\b).* ON (?:ONLY )?([^\s(]+)/i;

/** Why the previous version could not continue during and after this migration; empty when it can. */
export function offencesOf(statements: readonly string[]): string[] {
  const isAnnounced = statements.some((sql) => sql.includes('.schema_floor '));
  const made = new Set(
    statements.flatMap((sql) => /^CREATE TABLE (?:IF NOT EXISTS )?(\S+)/i.exec(sql)?.[1] ?? []),
  );
  const broken = isAnnounced
    ? []
    : statements.flatMap((sql) =>
        BREAKS.filter(([, pattern]) => pattern.test(sql)).map(([what]) => `${what}: ${sql}`),
      );
  const holding = statements
    .filter((sql) => !made.has(INDEX.exec(sql)?.[1] ?? sql) && INDEX.test(sql))
    .map((sql) => `locks a table while it builds an index: ${sql}`);
  return [...broken, ...holding];
}
