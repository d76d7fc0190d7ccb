import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { z } from 'zod';
import { root } from '../../dev/topology/paths.ts';

// Validates what the system sends against the published documents, with a third-party validator. The clients
// of all end-to-end tests check each reply, event and response here.

const Schema = z.record(z.string(), z.unknown());
const document = (name: string): unknown =>
  JSON.parse(readFileSync(join(root, 'gateway/docs', name), 'utf8'));
const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });

/** Makes the references inside a document resolvable from outside. */
function compilerOf(id: string, parsed: object): (schema: z.output<typeof Schema>) => ValidateFunction {
  ajv.addSchema({ ...parsed, $id: id }, id);
  return (schema) =>
    ajv.compile(Schema.parse(JSON.parse(JSON.stringify(schema).replaceAll('"#/', `"${id}#/`))));
}

const Messages = z.looseObject({
  channels: z.object({
    'socket.io': z.object({ messages: z.record(z.string(), z.object({ payload: Schema })) }),
  }),
});
const asyncApi = Messages.parse(document('asyncapi.json'));
const compileEvent = compilerOf('asyncapi', asyncApi);
const messages = new Map(
  Object.entries(asyncApi.channels['socket.io'].messages).map(([name, { payload }]) => [
    name,
    compileEvent(payload),
  ]),
);

const Paths = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        responses: z.record(
          z.string(),
          z.object({ content: z.record(z.string(), z.object({ schema: Schema })).optional() }),
        ),
      }),
    ),
  ),
  components: z.object({ schemas: z.record(z.string(), Schema) }),
});
const openApi = Paths.parse(document('openapi.json'));
const compileResponse = compilerOf('openapi', openApi);
const routes = Object.entries(openApi.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { responses }]) => ({
    method,
    pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
    validators: new Map(
      Object.entries(responses).map(([status, { content }]) => [
        Number(status),
        Object.values(content ?? {}).map(({ schema }) => compileResponse(schema)),
      ]),
    ),
  })),
);

/** Without a problem the list is empty. */
function problemsOf(what: string, validators: readonly ValidateFunction[], data: unknown): string[] {
  if (validators.length === 0 || validators.some((validate) => validate(data))) return [];
  return validators.flatMap(({ errors }) =>
    (errors ?? []).map(
      ({ instancePath, message }) => `${what}${instancePath}: ${String(message)}, in ${JSON.stringify(data)}`,
    ),
  );
}

/** What the documents say otherwise of the acknowledgement of an event. */
export function replyProblems(event: string, reply: { readonly event: string }): string[] {
  const name = reply.event === 'error' ? 'error' : `${event}.reply`;
  const validate = messages.get(name);
  return validate === undefined
    ? [`${name} is not documented`]
    : problemsOf(`reply to ${event} `, [validate], reply);
}

/** What the documents say otherwise of an event that a socket received; nothing of those it does not name. */
export function eventProblems(event: string, payload: unknown): string[] {
  const validate = event === 'error' ? undefined : messages.get(event);
  return validate === undefined ? [] : problemsOf(event, [validate], payload);
}

/** What the documents say otherwise of a response with JSON. A success must be documented. */
export function responseProblems(method: string, path: string, status: number, body: unknown): string[] {
  const pathname = path.split('?')[0] ?? '';
  const route = routes.find((one) => one.method === method.toLowerCase() && one.pattern.test(pathname));
  if (route === undefined) return [];
  const validators = route.validators.get(status);
  if (validators === undefined && status < 300)
    return [`${method} ${path}: ${String(status)} is not documented`];
  return problemsOf(`${method} ${path} ${String(status)} `, validators ?? [], body);
}
