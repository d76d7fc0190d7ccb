import {
  cloudEventOf,
  EVENTS_EXCHANGE,
  FileInfo,
  integrationEvents,
  requestContracts,
  socketRoomEvents,
  edgeEvents,
  type IntegrationEvent,
} from '@switchboard/shared/contracts';
import { ERRORS, type ErrorCode } from '@switchboard/shared/errors';
import { html, trusted, type Html, type Piece } from '../../dev/traces/html.ts';
import { cloudEventExample } from './examples.ts';
import { isSchema, inputSchemaOf, jsonSchemaOf, type JsonSchema } from './json-schema.ts';
import {
  errorsOf,
  httpRequests,
  ownerOf,
  requestSchemaOf,
  socketRequests,
  type HttpContract,
} from './operations.ts';

/** The page of client apps and integrations, and the one of the teams of the services. */
export type Audience = 'clients' | 'services';

/**
 * What can be read at `/docs`: no script, all for one audience on one page, so that a browser's search finds
 * it. `version`: that of the contracts.
 */
export const page = (version: string, audience: Audience): string => {
  const shown = sections().filter(({ id }) => (id === 'nats') === (audience === 'services'));
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Switchboard: contracts ${version}</title><style>${trusted(STYLE)}</style></head>
<body>
<header><h1>Switchboard <small>contracts ${version}</small></h1>
<p>For machines: <a href="asyncapi.json">AsyncAPI 3</a>, <a href="openapi.json">OpenAPI 3.1</a>, <a href="schemas.json">JSON Schemas</a>. Fields are added, never changed: skip what you do not know. ${audience === 'clients' ? html`For the teams of the services: <a href="internals.html">requests between services</a>.` : html`For clients: <a href="index.html">Socket.IO, HTTP and events</a>.`}</p></header>
<nav>${shown.map(({ id, title, operations }) => html`<b><a href="#${id}">${title}</a></b>${operations.map(({ name }) => html`<a href="#${anchorOf(id, name)}">${name}</a>`)}`)}</nav>
<main>${shown.map(({ id, title, about, operations }) => html`<h2 id="${id}">${title}</h2><p>${about}</p>${operations.map((operation) => operationView(id, operation))}`)}</main>
</body></html>
`.markup;
};

interface Operation {
  readonly name: string;
  readonly description: string;
  readonly parts: readonly {
    readonly title: string;
    readonly schema: JsonSchema;
    readonly example: unknown;
  }[];
  readonly errors?: readonly ErrorCode[];
}

interface Section {
  readonly id: string;
  readonly title: string;
  readonly about: string;
  readonly operations: readonly Operation[];
}

const sections = (): Section[] => [
  {
    id: 'socket-requests',
    title: 'Socket.IO: requests of clients',
    about:
      'Connect with auth: { token }. An acknowledgement callback receives {event, data, traceId}, or {event: "error", data: sentence, code, retryable, traceId, details?}. Without a callback the reply arrives as an event of its name, or as error.',
    operations: socketRequests().flatMap((contract) => {
      const { socket, description, reply, example } = contract;
      if (socket === undefined) return [];
      return {
        name: socket.event,
        description,
        errors: errorsOf(contract),
        parts: [
          {
            title: 'payload',
            schema: requestSchemaOf(contract),
            example: socket.form?.example ?? example.payload,
          },
          {
            title: `${socket.reply}: data`,
            schema: jsonSchemaOf(socket.data ?? reply),
            example: example.reply,
          },
        ],
      };
    }),
  },
  {
    id: 'socket-events',
    title: 'Socket.IO: events for clients',
    about:
      'Delivered to the sockets that have joined the chat. ready and tokenExpiring are delivered to the socket that they concern.',
    operations: [
      ...socketRoomEvents.map((contract) => ({ ...contract, event: contract.socketEvent })),
      ...Object.values(edgeEvents),
    ].map(({ event, description, payload, example }) => ({
      name: event,
      description,
      parts: [{ title: 'payload', schema: jsonSchemaOf(payload), example }],
    })),
  },
  {
    id: 'http',
    title: 'HTTP',
    about:
      'Below /api/v1, with Authorization: Bearer. Errors are problem documents (RFC 9457). Health is in the OpenAPI document.',
    operations: [...httpRequests().map(httpOperation), ...fileOperations()],
  },
  {
    id: 'integration-events',
    title: 'RabbitMQ: integration events',
    about: `CloudEvents on the topic exchange ${EVENTS_EXCHANGE}: at least once, a repeat with the same id, and in the order of the log per chat and source.`,
    operations: Object.values<IntegrationEvent>(integrationEvents).map((event) => ({
      name: event.routingKey,
      description: event.description,
      parts: [
        { title: 'event', schema: jsonSchemaOf(cloudEventOf(event)), example: cloudEventExample(event) },
      ],
    })),
  },
  {
    id: 'nats',
    title: 'NATS: requests between services',
    about: 'For the teams of the services. One replica of the owner replies to each request.',
    operations: requestContracts.map((contract) => ({
      name: contract.subject,
      description: `${contract.description} Answered by ${ownerOf(contract)}.`,
      errors: errorsOf(contract),
      parts: [
        { title: 'payload', schema: inputSchemaOf(contract.payload), example: contract.example.payload },
        { title: 'reply', schema: jsonSchemaOf(contract.reply), example: contract.example.reply },
      ],
    })),
  },
];

function httpOperation(contract: HttpContract): Operation {
  const { http, description, reply, example } = contract;
  return {
    name: `${http.method.toUpperCase()} ${http.path}`,
    description,
    errors: errorsOf(contract),
    parts: [
      {
        title: 'path, query, headers and body',
        schema: inputSchemaOf(http.input),
        example: example.payload,
      },
      { title: String(http.status ?? 200), schema: jsonSchemaOf(reply), example: example.reply },
    ],
  };
}

/** The gateway streams bytes; no contract carries them. */
const fileOperations = (): Operation[] => [
  {
    name: 'POST /files',
    description: 'Uploads the field `file` of a multipart form. The `id` is then the `fileId` of a message.',
    errors: errorsOf({ errors: ['VALIDATION', 'TOO_LARGE'] }),
    parts: [{ title: '201', schema: jsonSchemaOf(FileInfo), example: FILE }],
  },
  {
    name: 'GET /files/:fileId',
    description:
      'The bytes of a file, with a token or through a `fileUrl` (`expires`, `signature`). `Range` is supported.',
    errors: errorsOf({ errors: ['FILE_NOT_FOUND'] }),
    parts: [],
  },
];

const FILE = {
  id: '0198c0de-0002-7000-8000-000000000003',
  name: 'receipt.png',
  contentType: 'image/png',
  size: 48_213,
};

const anchorOf = (section: string, name: string): string => `${section}-${name.replaceAll(/[^\w.]+/g, '-')}`;

const operationView = (section: string, { name, description, parts, errors = [] }: Operation): Html => html`
<section id="${anchorOf(section, name)}"><h3><a href="#${anchorOf(section, name)}">${name}</a></h3><p>${inline(description)}</p>
${parts.map(({ title, schema, example }) => html`<h4>${title}</h4>${fieldsView(schema)}<pre>${JSON.stringify(example, null, 2)}</pre>`)}
${errors.length === 0 ? undefined : html`<h4>errors</h4><table>${errors.map((code) => html`<tr><td><code>${code}</code></td><td>${ERRORS[code].sentence}</td><td>${ERRORS[code].retryable ? 'try again later' : ''}</td></tr>`)}</table>`}
</section>`;

/** Code between backticks. */
const inline = (text: string): Piece =>
  text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part));

function fieldsView(schema: JsonSchema): Html {
  const rows = rowsOf(schema, '');
  return rows.length === 0
    ? html`<p class="type">${typeOf(schema)}</p>`
    : html`<table>${rows.map(({ path, type, isRequired }) => html`<tr><td><code>${path}</code></td><td class="type">${type}</td><td>${isRequired ? '' : 'optional'}</td></tr>`)}</table>`;
}

interface Row {
  readonly path: string;
  readonly type: string;
  readonly isRequired: boolean;
}

function rowsOf(schema: JsonSchema, prefix: string): Row[] {
  const options = optionsOf(schema);
  if (options !== undefined) return options.flatMap((option) => rowsOf(option, prefix));
  const { items } = schema;
  if (isSchema(items)) return rowsOf(items, `${prefix}[]`);
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    return [
      { path, type: typeOf(field), isRequired: schema.required?.includes(name) === true },
      ...rowsOf(field, path),
    ];
  });
}

/** A type in a few words: `string, uuid`, `integer, at least 1`, `"OPEN" or "CLOSED"`. */
function typeOf(schema: JsonSchema): string {
  const options = optionsOf(schema);
  if (options !== undefined) return options.map(typeOf).join(', or ');
  const { type, format, items, minLength, maxLength, minimum, maximum, minItems, maxItems, pattern } = schema;
  if ('const' in schema) return JSON.stringify(schema['const']);
  if (Array.isArray(schema['enum'])) return schema['enum'].map((value) => JSON.stringify(value)).join(' or ');
  if (isSchema(items))
    return [`array of ${typeOf(items)}`, range(minItems, maxItems)].filter(Boolean).join(', ');
  return [
    type === undefined ? 'anything' : [type].flat().join(' or '),
    format,
    range(minLength ?? minimum, maxLength ?? maximum),
    format === undefined && typeof pattern === 'string' ? pattern : undefined,
  ]
    .filter(Boolean)
    .join(', ');
}

function range(least: unknown, most: unknown): string {
  const isBound = (bound: unknown): bound is number =>
    typeof bound === 'number' && Math.abs(bound) < Number.MAX_SAFE_INTEGER;
  return [isBound(least) ? `at least ${String(least)}` : '', isBound(most) ? `at most ${String(most)}` : '']
    .filter(Boolean)
    .join(', ');
}

const optionsOf = ({ anyOf }: JsonSchema): JsonSchema[] | undefined =>
  Array.isArray(anyOf) ? anyOf.filter(isSchema) : undefined;

const STYLE = `
:root { color-scheme: light dark; --bg: #fff; --panel: #f6f7f9; --text: #1c2430; --muted: #667085; --line: #e4e7ec; --accent: #2f5fd0; }
@media (prefers-color-scheme: dark) { :root { --bg: #0f1319; --panel: #171c24; --text: #e4e8ee; --muted: #929cab; --line: #28303b; --accent: #8ab0ff; } }
* { box-sizing: border-box; } body { margin: 0; background: var(--bg); color: var(--text); font: 15px/1.5 system-ui, sans-serif; display: grid; grid-template-columns: 270px minmax(0, 1fr); }
header { grid-column: 1 / -1; padding: 16px 28px; border-bottom: 1px solid var(--line); } h1 { margin: 0; font-size: 21px; } h1 small { color: var(--muted); font-weight: 400; } header p { margin: 4px 0 0; color: var(--muted); }
nav { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow: auto; padding: 18px 8px 18px 28px; font-size: 13px; } nav a { display: block; padding: 1px 0; overflow-wrap: anywhere; } nav b { display: block; margin: 12px 0 2px; } nav b:first-child { margin-top: 0; }
main { padding: 4px 28px 60px; max-width: 900px; } a { color: var(--accent); text-decoration: none; } a:hover { text-decoration: underline; }
h2 { margin: 28px 0 0; font-size: 19px; } h3 { margin: 0; font-size: 16px; } h4 { margin: 14px 0 4px; font-size: 13px; color: var(--muted); } section { margin: 16px 0; padding: 14px 18px; border: 1px solid var(--line); border-radius: 8px; } section:target { border-color: var(--accent); } section p { margin: 4px 0; }
code, pre, .type { font: 12.5px/1.5 ui-monospace, Menlo, Consolas, monospace; } pre { background: var(--panel); padding: 10px 12px; border-radius: 6px; overflow: auto; margin: 8px 0; } .type { color: var(--muted); }
table { border-collapse: collapse; width: 100%; } td { padding: 3px 12px 3px 0; border-bottom: 1px solid var(--line); vertical-align: top; } td:last-child { color: var(--muted); white-space: nowrap; font-size: 13px; }
@media (max-width: 800px) { body { display: block; } nav { position: static; max-height: none; } }
`;
