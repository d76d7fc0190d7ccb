import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import specs from '@asyncapi/specs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv } from 'ajv';
import { z } from 'zod';
import { root } from '../../dev/topology/paths.ts';
import { asyncApi } from './asyncapi/index.ts';
import { breaksOf } from './compatibility.ts';
import { mapChildren } from './components/structure.ts';
import { docsFolder, documents, readReleased } from './files.ts';
import { Schema, type JsonSchema } from './json-schema.ts';
import { openApi } from './openapi/index.ts';
import { surface } from './surface.ts';

describe('the documents', () => {
  it.each(Object.entries(documents()))(
    '%s is as fresh as the contracts: else run `npm run contracts`',
    (name, text) => {
      expect(readFileSync(join(docsFolder, name), 'utf8')).toBe(text);
    },
  );

  it('are AsyncAPI 3, whose references lead somewhere, with a description and an example of all that travels', () => {
    const document = asyncApi('0.1.0');
    const ajv = new Ajv({
      strict: false,
      allErrors: true,
      validateFormats: false,
      meta: false,
      validateSchema: false,
    });
    expect(
      ajv.validate(specs.schemas['3.1.0'], document)
        ? []
        : ajv.errors?.map(({ instancePath, message }) => `${instancePath}: ${String(message)}`),
    ).toEqual([]);
    for (const reference of referencesIn(document))
      expect([reference, at(document, reference)]).toEqual([reference, expect.anything()]);
    const operations = Object.entries(
      z.record(z.string(), z.object({ description: z.string().min(10) })).parse(document['operations']),
    );
    expect(operations.length).toBeGreaterThan(50);
    const Channels = z.record(
      z.string(),
      z.object({
        messages: z.record(
          z.string(),
          z.object({ description: z.string().min(10), examples: z.array(z.unknown()).length(1) }),
        ),
      }),
    );
    expect(Channels.safeParse(document['channels']).error).toBeUndefined();
  });

  it('are OpenAPI 3.1, with a description, an example and the errors of all that can be asked', async () => {
    const { valid, errors } = await new Validator().validate(openApi('0.1.0'));
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
  });
});

describe('a component', () => {
  const Document = z.object({ components: z.object({ schemas: z.record(z.string(), Schema) }) });

  it.each([
    ['AsyncAPI', asyncApi('0.1.0')],
    ['OpenAPI', openApi('0.1.0')],
  ])('of %s contains no object, enumeration or union that has no name', (_name, document) => {
    const { schemas } = Document.parse(document).components;
    expect(Object.entries(schemas).flatMap(([name, schema]) => unnamedIn(name, schema))).toEqual([]);
  });

  it('holds every payload of AsyncAPI, and every body and reply of OpenAPI', () => {
    const named = JSON.stringify({ $ref: '#/components/schemas/' }).slice(0, -2);
    const payloads = schemasUnder('payload', asyncApi('0.1.0')['channels']);
    const bodies = schemasUnder('schema', openApi('0.1.0')['paths']).filter(needsName);
    expect(payloads.length).toBeGreaterThan(80);
    expect(payloads.filter((payload) => !JSON.stringify(payload).startsWith(named))).toEqual([]);
    expect(bodies).toEqual([]);
  });
});

const needsName = (schema: JsonSchema): boolean =>
  ['properties', 'enum', 'anyOf', 'oneOf', 'allOf'].some((keyword) => keyword in schema);

/** The places of the structures inside a schema. */
function unnamedIn(name: string, schema: JsonSchema): string[] {
  const found: string[] = [];
  mapChildren(
    schema,
    (suffix, child) => {
      const place = `${name}.${suffix}`;
      found.push(...(needsName(child) ? [place] : unnamedIn(place, child)));
      return child;
    },
    (field) => field,
  );
  return found;
}

/** The schemas under a keyword, outside of examples. */
function schemasUnder(keyword: string, value: unknown): JsonSchema[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    if (key === 'examples' || key === 'example') return [];
    return key === keyword ? [Schema.parse(inner)] : schemasUnder(keyword, inner);
  });
}

describe('npm run contracts:check', () => {
  it('finds no change that breaks users of the last release', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--disable-warning=ExperimentalWarning',
      join(root, 'infra/test/contracts/check.ts'),
    ]);
    expect(stdout).toMatch(/nothing breaks/);
  });

  it('names a removed contract and a removed field', () => {
    const { surface: released } = readReleased();
    const others = Object.fromEntries(Object.entries(surface()).filter(([name]) => name !== NAME));
    expect(breaksOf(released, others)).toEqual([`${NAME} is gone`]);
    const without = JSON.parse(
      JSON.stringify(surface()).replaceAll('"clientMessageId"', '"key"'),
    ) as ReturnType<typeof surface>;
    expect(breaksOf(released, without)).toContain(`${NAME}.message.clientMessageId is gone`);
  });
});

const NAME = 'NATS message.v1.send payload';

/** Every `$ref`, wherever it stands. */
function referencesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    key === '$ref' && typeof inner === 'string' ? [inner] : referencesIn(inner),
  );
}

/** RFC 6901. */
const at = (document: unknown, reference: string): unknown =>
  reference
    .slice(2)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce(
      (inner: unknown, key) =>
        typeof inner === 'object' && inner !== null ? (Reflect.get(inner, key) as unknown) : undefined,
      document,
    );
