import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a migration does, without any database. */
export async function statementsOf(migration: MigrationInterface): Promise<string[]> {
  const said: string[] = [];
  const query = (sql: string) => {
    said.push(sql);
    return Promise.resolve([]);
  };
  await migration.up({ query } as unknown as QueryRunner);
  return said.flatMap((sql) => sql.split(';')).map((sql) => sql.replaceAll(/--.*$/gm, '').replaceAll(/\s+/g, ' ').trim()).filter((sql) => sql !== '');
}

/** What the version before may still need: after these it may fail, or read what it does not know. */
const BREAKS: readonly [what: string, pattern: RegExp][] = [
  ['removes', /\bDROP (TABLE|COLUMN|VIEW|TYPE|SEQUENCE|SCHEMA)\b/i],
  ['renames', /\bRENAME\b/i],
  ['changes a type', /\bALTER (COLUMN )?\S+ (SET DATA )?TYPE\b/i],
  ['asks for a value that the version before does not give', /\bSET NOT NULL\b|\bADD COLUMN (?:(?!\bDEFAULT\b)[^,])*\bNOT NULL\b(?:(?!\bDEFAULT\b)[^,])*(?:,|$)/i],
  ['narrows what may be stored', /\bADD CONSTRAINT\b|\bADD (CHECK|UNIQUE|PRIMARY|FOREIGN)\b/i],
  ['empties', /\bTRUNCATE\b|\bDELETE FROM\b/i],
];

/** Nobody can write to the table for as long as it takes, which goes by the table's size. */
const INDEX = /\bCREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY\b).* ON (?:ONLY )?([^\s(]+)/i;

/** Why the version before could not go on while this migration runs and after it; empty when it can. */
export function offencesOf(statements: readonly string[]): string[] {
  const isAnnounced = statements.some((sql) => sql.includes('.schema_floor '));
  const made = new Set(statements.flatMap((sql) => /^CREATE TABLE (?:IF NOT EXISTS )?(\S+)/i.exec(sql)?.[1] ?? []));
  const broken = isAnnounced ? [] : statements.flatMap((sql) => BREAKS.filter(([, pattern]) => pattern.test(sql)).map(([what]) => `${what}: ${sql}`));
  const holding = statements.filter((sql) => !made.has(INDEX.exec(sql)?.[1] ?? sql) && INDEX.test(sql)).map((sql) => `locks a table while it builds an index: ${sql}`);
  return [...broken, ...holding];
}
