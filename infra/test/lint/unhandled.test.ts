import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { root } from '../../dev/topology/paths.ts';

// An unhandled rejection ends the process. Lint reports every promise without a handler.

const OFFENCES: [line: string, rule: string][] = [
  ['later();', 'no-floating-promises'],
  ['later().then(() => undefined);', 'no-floating-promises'],
  ['setTimeout(later, 1);', 'no-misused-promises'],
  ['[1].forEach(async () => { await later(); });', 'no-misused-promises'],
  [`emitter.on('x', async () => { await later(); });`, 'no-misused-promises'],
];
const BEFORE = `import { EventEmitter } from 'node:events';\nconst emitter = new EventEmitter();\nasync function later(): Promise<void> { await Promise.reject(new Error()); }\n`;

it('lint reports a promise that is not awaited, in every form', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'switchboard-unhandled-'));
  try {
    for (const file of ['eslint.config.js', 'tsconfig.json', 'package.json'])
      await cp(join(root, file), join(folder, file));
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    await mkdir(join(folder, 'gateway/src'), { recursive: true });
    await writeFile(
      join(folder, 'gateway/src/offence.ts'),
      BEFORE + OFFENCES.map(([line]) => line).join('\n'),
    );
    const child = spawn(
      process.execPath,
      [join(root, 'node_modules/eslint/bin/eslint.js'), '--format', 'json', 'gateway'],
      { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let output = '';
    for await (const chunk of child.stdout.setEncoding('utf8')) output += String(chunk);
    const [{ messages }]: [{ messages: { line: number; ruleId: string }[] }] = JSON.parse(output);
    expect(
      messages.map(({ line, ruleId }) => [
        OFFENCES[line - 4]?.[0],
        ruleId.replace('@typescript-eslint/', ''),
      ]),
    ).toEqual(OFFENCES);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 60_000);
