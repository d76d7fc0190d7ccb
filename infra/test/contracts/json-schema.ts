import { z } from 'zod';

/** A part of JSON Schema 2020-12, as zod writes it. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly JsonSchema[];
}

export const Schema: z.ZodType<JsonSchema> = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  get properties() {
    return z.record(z.string(), Schema).optional();
  },
  required: z.array(z.string()).optional(),
  get anyOf() {
    return z.array(Schema).optional();
  },
});

export const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * What may be sent by this schema, and what its readers may rely on: readers are tolerant, so both are the
 * input's schema, in which only a strict object is closed.
 */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const written: Record<string, unknown> = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  delete written['$schema'];
  return Schema.parse(written);
}

/** What a client may send by this schema: `null` in an optional field reads as absent (`parse`). */
export const inputSchemaOf = (schema: z.ZodType): JsonSchema => withNulls(jsonSchemaOf(schema));

function withNulls(schema: JsonSchema): JsonSchema {
  const { properties, required = [], anyOf } = schema;
  return {
    ...schema,
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, property]) => [
              name,
              required.includes(name) ? withNulls(property) : orNull(withNulls(property)),
            ]),
          ),
        }),
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map(withNulls) }),
  };
}

/** Examples and descriptions stay where readers look for them. */
export function orNull(schema: JsonSchema): JsonSchema {
  const { type, enum: values } = schema;
  if (typeof type === 'string' && schema['const'] === undefined)
    return {
      ...schema,
      type: [type, 'null'],
      ...(Array.isArray(values) ? { enum: [...(values as unknown[]), null] } : {}),
    };
  return { anyOf: [schema, { type: 'null' }] };
}
