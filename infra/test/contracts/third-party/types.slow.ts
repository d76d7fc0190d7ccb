import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { docsFolder } from '../files.ts';
import { hasTools, run, TOOLS_MISSING } from './tools.ts';

const checks = hasTools ? it : it.skip;
if (!hasTools) console.warn(`Generating types was skipped: ${TOOLS_MISSING}`);

const Named = z.object({ components: z.object({ schemas: z.record(z.string(), z.unknown()) }) });
const componentsOf = (document: string) =>
  Named.parse(JSON.parse(readFileSync(join(docsFolder, document), 'utf8'))).components.schemas;

describe(hasTools ? 'generated types' : `generated types: SKIPPED, ${TOOLS_MISSING}`, () => {
  let folder: string;
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-types-'));
    if (!hasTools) return;
    writeFileSync(
      join(folder, 'program.ts'),
      readFileSync(fileURLToPath(new URL('program.txt', import.meta.url))),
    );
    await Promise.all([
      generate(
        'openapi-typescript',
        join(docsFolder, 'openapi.json'),
        'openapi.ts',
        '--root-types',
        '--root-types-no-schema-prefix',
      ),
      generateDefinitions('events', componentsOf('asyncapi.json')),
      generateDefinitions(
        'schemas',
        z
          .record(z.string(), z.unknown())
          .parse(JSON.parse(readFileSync(join(docsFolder, 'schemas.json'), 'utf8'))),
      ),
    ]);
  }, 120_000);
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  async function generate(
    tool: 'openapi-typescript' | 'json2ts',
    from: string,
    to: string,
    ...flags: string[]
  ) {
    const input = tool === 'json2ts' ? ['-i', from] : [from];
    const { succeeded, stderr } = await run(tool, [...input, '-o', join(folder, to), ...flags]);
    if (!succeeded) throw new Error(stderr);
  }

  /** As a schema of its own, in which the references point to definitions. */
  async function generateDefinitions(name: string, definitions: Readonly<Record<string, unknown>>) {
    const text = JSON.stringify({ title: 'All', definitions });
    writeFileSync(join(folder, `${name}.json`), text.replaceAll('"#/components/schemas/', '"#/definitions/'));
    await generate('json2ts', join(folder, `${name}.json`), `${name}.ts`, '--unreachableDefinitions');
  }

  const exportsOf = (file: string) =>
    [...read(file).matchAll(/^export (?:interface|type) (\w+)/gm)].map(([, name]) => name);

  checks('have the names of the components, and no others', () => {
    const events = exportsOf('events.ts').filter((name) => name !== 'All');
    expect(events.sort()).toEqual(Object.keys(componentsOf('asyncapi.json')).sort());
    const types = exportsOf('openapi.ts');
    expect(types).toEqual(expect.arrayContaining(Object.keys(componentsOf('openapi.json'))));
  });

  checks(
    'compile, and refuse what the documents refuse',
    async () => {
      const options =
        '--ignoreConfig --noEmit --strict --exactOptionalPropertyTypes --noUncheckedIndexedAccess --module nodenext --target es2024 --allowImportingTsExtensions --pretty false';
      const { stdout } = await run('tsc', [...options.split(' '), '--types', '', join(folder, 'program.ts')]);
      expect(stdout).toBe('');
    },
    120_000,
  );
});
