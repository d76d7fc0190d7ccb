import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Parser } from '@asyncapi/parser';
import { Validator } from '@seriousme/openapi-schema-validator';
import { root } from '../local/paths.ts';
import { asyncApi } from './asyncapi.ts';
import { breaksOf } from './compatibility.ts';
import { docsFolder, documents, readReleased } from './files.ts';
import { openApi } from './openapi.ts';
import { surface } from './surface.ts';

describe('the documents', () => {
  it.each(Object.entries(documents()))('%s is as fresh as the contracts: else run `npm run contracts`', (name, text) => {
    expect(readFileSync(join(docsFolder, name), 'utf8')).toBe(text);
  });

  it('are AsyncAPI 3, with a description and an example of all that travels', async () => {
    const { document, diagnostics } = await new Parser().parse(JSON.stringify(asyncApi('0.1.0')));
    expect(document === undefined ? diagnostics.map(({ message, path }) => `${path.join('.')}: ${message}`) : []).toEqual([]);
    const operations = document?.operations().all() ?? [];
    expect(operations.length).toBeGreaterThan(50);
    for (const operation of operations) expect([operation.id(), operation.hasDescription()]).toEqual([operation.id(), true]);
    for (const message of document?.messages().all() ?? []) expect([message.id(), message.hasDescription(), message.examples().length]).toEqual([message.id(), true, 1]);
  }, 60_000);

  it('are OpenAPI 3.1, with a description, an example and the errors of all that can be asked', async () => {
    const { valid, errors } = await new Validator().validate(openApi('0.1.0'));
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
  });
});

describe('npm run contracts:check', () => {
  it('finds that nothing breaks whoever relies on the last release', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', join(root, 'infra/contracts/check.ts')]);
    expect(stdout).toMatch(/nothing breaks/);
  });

  it('would name a field of a contract that is gone, or required by now', () => {
    const { surface: released } = readReleased();
    const others = Object.fromEntries(Object.entries(surface()).filter(([name]) => name !== NAME));
    expect(breaksOf(released, others)).toEqual([`${NAME} is gone`]);
    const without = JSON.parse(JSON.stringify(surface()).replaceAll('"clientMessageId"', '"key"')) as ReturnType<typeof surface>;
    expect(breaksOf(released, without)).toContain(`${NAME}.message.clientMessageId is gone`);
  });
});

const NAME = 'NATS message.v1.send payload';
