import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { migrationsIn } from '@switchboard/shared/postgres';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchboard-migrations-'));
});
afterEach(() => rm(folder, { recursive: true }));

const write = (file: string, text: string): Promise<void> => writeFile(join(folder, file), text);
const classNamed = (name: string): string => `export class ${name} { up() {} down() {} }`;
const found = async (): Promise<string[]> =>
  (await migrationsIn(pathToFileURL(`${folder}/`))).map(({ name }) => name);

it('finds every file of the folder, in the order of the numbers', async () => {
  await write('1764000000002-second.ts', classNamed('Second1764000000002'));
  await write('1764000000001-first.ts', classNamed('First1764000000001'));
  expect(await found()).toEqual(['First1764000000001', 'Second1764000000002']);
});

it.each([
  ['topics.ts', classNamed('Topics1764000000001'), /topics\.ts: a migration's file is named like/],
  ['1764000000001-topics.ts', classNamed('Topics1764000000002'), /must export one class.* 1764000000001/],
  ['1764000000001-topics.ts', 'export const Topics1764000000001 = 1', /must export one class/],
  ['1764000000001-topics.ts', '', /must export one class/],
  [
    '1764000000001-topics.ts',
    `${classNamed('Topics1764000000001')}; ${classNamed('More1764000000001')}`,
    /must export one class/,
  ],
])('refuses %s with %j', async (file, text, message) => {
  await write(file, text);
  await expect(found()).rejects.toThrow(message);
});

it('refuses two files with one number', async () => {
  for (const name of ['First', 'Second'])
    await write(`1764000000001-${name.toLowerCase()}.ts`, classNamed(`${name}1764000000001`));
  await expect(found()).rejects.toThrow(/second\.ts: another migration has this number/);
});
