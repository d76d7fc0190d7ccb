import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { lockfileFindings } from '../../supply/lockfile.ts';
import { manifestFindings, npmrcFindings } from '../../supply/manifest.ts';
import { asyncApi } from '../asyncapi/index.ts';
import { docsFolder, textOf } from '../files.ts';
import type { JsonSchema } from '../json-schema.ts';
import { openApi } from '../openapi/index.ts';
import { findingsIn } from './findings.ts';
import { hasTools, TOOLS_MISSING, toolsFolder } from './tools.ts';

const checks = hasTools ? it : it.skip;
if (!hasTools) console.warn(`Linting the published documents was skipped: ${TOOLS_MISSING}`);

describe(hasTools ? 'the linters' : `the linters: SKIPPED, ${TOOLS_MISSING}`, () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-lint-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  checks.each(['asyncapi.json', 'openapi.json'])(
    'find nothing in %s',
    async (name) => {
      expect(await findingsIn(join(docsFolder, name))).toEqual([]);
    },
    120_000,
  );

  const broken: [flaw: string, document: JsonSchema, findings: RegExp[]][] = [
    [
      'a response without a description',
      { ...openApi('0'), paths: { '/a': { get: { operationId: 'a', responses: { 200: {} } } } } },
      [/^spectral oas3-schema: .*description/, /^redocly struct: .*description/],
    ],
    [
      'a channel of an unknown server',
      { ...asyncApi('0'), channels: { a: { address: 'a', servers: [{ $ref: '#/servers/none' }] } } },
      [/^spectral invalid-ref: .*none/, /^redocly no-unresolved-refs: /],
    ],
  ];
  checks.each(broken)(
    'both find %s',
    async (_flaw, document, expected) => {
      const file = join(folder, 'document.json');
      writeFileSync(file, textOf(document));
      const findings = await findingsIn(file);
      for (const finding of expected) expect(findings).toContainEqual(expect.stringMatching(finding));
    },
    120_000,
  );
});

describe('the tools', () => {
  const read = (file: string): string => readFileSync(join(toolsFolder, file), 'utf8');

  it('pass the checks of every package', () => {
    expect(lockfileFindings(JSON.parse(read('package-lock.json')))).toEqual([]);
    expect(manifestFindings('package.json', JSON.parse(read('package.json')))).toEqual([]);
    expect(npmrcFindings(read('.npmrc'))).toEqual([]);
  });
});
