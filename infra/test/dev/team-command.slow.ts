import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { root } from '../../dev/topology/paths.ts';
import { copyParts } from '../helpers/partial-copy.ts';

// The command of each team, `npm test -w chat-service`, in a copy of the sources that breaks others.

let copy: string;
beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'switchboard-team-'));
  await copyParts(copy, [
    'shared',
    'gateway',
    'chat-service',
    'message-service',
    'presence-service',
    'infra',
  ]);
  for (const file of ['package.json', 'eslint.config.js']) await cp(join(root, file), join(copy, file));
});
afterAll(() => rm(copy, { recursive: true, force: true }));

async function test(workspace: string): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [join(copy, 'infra/dev/test.ts'), workspace], {
    cwd: copy,
    env: { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  return new Promise((resolve) => {
    child.on('close', (code) => {
      resolve({ code, output });
    });
  });
}

it('names what a migration and a contract break, before the tests', async () => {
  await writeFile(
    join(copy, 'chat-service/src/store/migrations/1790000000000-topic.ts'),
    `import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Topic1790000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE chat.chat ADD COLUMN topic text NOT NULL');
  }

  async down(): Promise<void> {
    // Migrations only go forward.
  }
}
`,
  );
  for (const name of ['message-values.ts', 'messages.ts']) {
    const file = join(copy, 'shared/src/contracts', name);
    await writeFile(file, (await readFile(file, 'utf8')).replaceAll('clientMessageId', 'clientKey'));
  }

  const { code, output } = await test('chat-service');
  expect(code).not.toBe(0);
  expect(output).toContain(
    '✗ chat-service/src/store/migrations/1790000000000-topic.ts: requires a value that the previous version does not write: ' +
      'ALTER TABLE chat.chat ADD COLUMN topic text NOT NULL',
  );
  expect(output).toMatch(/these changes break users of the last release\n {2}✗ .*clientMessageId/);
  expect(output).not.toContain('· tests');
}, 180_000);
