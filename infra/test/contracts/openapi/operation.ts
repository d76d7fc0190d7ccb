import type { HttpBinding } from '@switchboard/shared/contracts';
import type { ErrorCode } from '@switchboard/shared/errors';
import { objectOf, pascal, type Components } from '../components/index.ts';
import { errorsOf, ownerOf, summaryOf, type HttpContract } from '../operations.ts';
import { problems, success, type OpenApiObject } from './responses.ts';

export const API = '/api/v1';
const CALLERS = { user: 'user', machine: 'machine' } as const;
/** What the gateway refuses about a body before it reads the fields. */
const BODY_ERRORS: readonly ErrorCode[] = ['TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'];

export const pathOf = ({ http }: HttpContract): string => `${API}${http.path.replaceAll(/:(\w+)/g, '{$1}')}`;

/** The fields of the input, by where they stand in a request. */
interface Fields {
  readonly path: readonly string[];
  /** By the name of the header. */
  readonly header: readonly (readonly [header: string, field: string])[];
  /** In the body, or in the query of a request without one. */
  readonly others: readonly string[];
}

export function operationOf(contract: HttpContract, components: Components): OpenApiObject {
  const { http, description } = contract;
  const caller = contract.kind === 'request' ? contract.caller : 'user';
  const fields = fieldsOf(http);
  const hasBody = http.method === 'post' || http.method === 'patch';
  const name = operationName(http, fields);
  return {
    operationId: `${http.method}${name}`,
    tags: [ownerOf(contract)],
    summary: summaryOf(description),
    description,
    ...(caller in CALLERS ? { security: [{ [caller]: [] }] } : {}),
    parameters: parametersOf(contract, fields, hasBody, components),
    ...(hasBody ? { requestBody: bodyOf(contract, fields, components) } : {}),
    responses: {
      ...successesOf(contract, components),
      ...problems([...errorsOf(contract), ...(hasBody ? BODY_ERRORS : [])]),
    },
  };
}

function fieldsOf({ input, path, headers = {} }: HttpBinding<unknown>): Fields {
  const names = Object.keys(objectOf(input).schema.properties ?? {});
  const inPath = names.filter((name) => path.includes(`:${name}`));
  const header = Object.entries(headers);
  const placed = new Set([...inPath, ...header.map(([, field]) => field)]);
  return { path: inPath, header, others: names.filter((name) => !placed.has(name)) };
}

const operationName = ({ path }: HttpBinding<unknown>, fields: Fields): string =>
  [
    ...path.split('/').filter((part) => !part.startsWith(':')),
    ...fields.path.map((name) => `By${pascal(name)}`),
  ]
    .map(pascal)
    .join('');

/** Begins the names of an operation's schemas. */
const titleOf = ({ http }: HttpContract): string => pascal(http.method) + operationName(http, fieldsOf(http));

/** As text in a URL or header, a parameter is described by the value that the text stands for. */
function parametersOf(
  contract: HttpContract,
  { path, header, others }: Fields,
  hasBody: boolean,
  components: Components,
): OpenApiObject[] {
  const input = objectOf(contract.http.input);
  const meaning = objectOf(contract.payload);
  const examples = inputExampleOf(contract);
  const parameter = (name: string, field: string, place: 'path' | 'query' | 'header') => {
    const { properties, exports } = meaning.schema.properties?.[field]
      ? { properties: meaning.schema.properties, ...meaning }
      : { properties: input.schema.properties, ...input };
    return {
      name,
      in: place,
      required: place === 'path' || input.schema.required?.includes(field) === true,
      schema: components.part(`${titleOf(contract)}${pascal(field)}`, {
        schema: properties?.[field] ?? {},
        exports,
      }),
      example: examples[field],
    };
  };
  return [
    ...path.map((name) => parameter(name, name, 'path')),
    ...header.map(([name, field]) => parameter(name, field, 'header')),
    ...(hasBody ? [] : others.map((name) => parameter(name, name, 'query'))),
  ];
}

function bodyOf(contract: HttpContract, { others }: Fields, components: Components): OpenApiObject {
  const { schema, exports } = objectOf(contract.http.input);
  const required = (schema.required ?? []).filter((name) => others.includes(name));
  const body = { ...schema, properties: pick(schema.properties ?? {}, others), required };
  return {
    required: required.length > 0,
    content: {
      'application/json': {
        schema: components.input(`${titleOf(contract)}Body`, { schema: body, exports }),
        example: pick(inputExampleOf(contract), others),
      },
    },
  };
}

/** A reply with `deduplicated` has 200 instead of the status of the first one. */
function successesOf(contract: HttpContract, components: Components): OpenApiObject {
  const { http, reply, example } = contract;
  const { status = 200 } = http;
  const schema = components.output(`${titleOf(contract)}Reply`, reply);
  const { properties = {} } = objectOf(reply).schema;
  return {
    [String(status)]: success(status === 201 ? 'Created.' : 'Done.', schema, example.reply),
    ...(status === 200 || properties['deduplicated'] === undefined
      ? {}
      : {
          200: success('A repeat: the result of the first request with this key.', schema, {
            ...recordOf(example.reply),
            deduplicated: true,
          }),
        }),
  };
}

const inputExampleOf = ({ http, example }: HttpContract): Record<string, unknown> =>
  recordOf(http.example ?? example.payload);
const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {};
const pick = <Value>(
  record: Readonly<Record<string, Value>>,
  names: readonly string[],
): Record<string, Value> =>
  Object.fromEntries(Object.entries(record).filter(([name]) => names.includes(name)));
