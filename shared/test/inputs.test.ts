import { describe, expect, it } from '@jest/globals';
import { edgeContracts, parse, requestContracts } from '@switchboard/shared/contracts';
import { z } from 'zod';
import { parseTolerantly } from '../src/bus/serve.ts';

// How clients in other languages write what the contracts accept: absent fields as null (Kotlin, Dart, C#,
// Swift), ids in capitals (Apple's UUIDs). Every input of every contract, with its example.

interface Input {
  readonly name: string;
  readonly schema: z.ZodType;
  readonly example: Record<string, unknown>;
}

const Fields = z.record(z.string(), z.unknown());

const inputs: Input[] = [
  ...requestContracts.flatMap(({ subject, payload, http, socket, example }) => [
    { name: `${subject} payload`, schema: payload, example: example.payload },
    ...(http === undefined
      ? []
      : [
          {
            name: `${http.method} ${http.path}`,
            schema: http.input,
            example: textual(http.input, http.example ?? example.payload),
          },
        ]),
    ...(socket?.form === undefined
      ? []
      : [{ name: `event ${socket.event}`, schema: socket.form.payload, example: socket.form.example }]),
  ]),
  ...Object.entries(edgeContracts).map(([name, { payload, example }]) => ({
    name,
    schema: payload,
    example: example.payload,
  })),
].flatMap(({ name, schema, example }) => {
  const fields = Fields.safeParse(example);
  return fields.success ? [{ name, schema, example: fields.data }] : [];
});

/** The example as it stands in a URL, where the schema reads text. */
function textual(schema: z.ZodType, example: unknown): unknown {
  if (schema.safeParse(example).success) return example;
  return Object.fromEntries(
    Object.entries(Fields.parse(example)).map(([key, value]) => [
      key,
      typeof value === 'number' ? value.toString() : value,
    ]),
  );
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

/** The paths of the optional fields of an object, and of the objects in it. */
function optionalFields({ properties = {}, required = [] }: JsonSchema): string[][] {
  return Object.entries(properties).flatMap(([name, property]) => [
    ...(required.includes(name) ? [] : [[name]]),
    ...optionalFields(property).map((path) => [name, ...path]),
  ]);
}

function withValue(data: Record<string, unknown>, [head = '', ...tail]: readonly string[]): unknown {
  if (tail.length === 0) return { ...data, [head]: null };
  return { ...data, [head]: withValue(Fields.parse(data[head] ?? {}), tail) };
}

function without(data: Record<string, unknown>, [head = '', ...tail]: readonly string[]): unknown {
  if (tail.length === 0) return Object.fromEntries(Object.entries(data).filter(([key]) => key !== head));
  return head in data ? { ...data, [head]: without(Fields.parse(data[head]), tail) } : data;
}

const outcome = (read: (schema: z.ZodType, data: unknown) => unknown, schema: z.ZodType, data: unknown) => {
  try {
    return read(schema, data);
  } catch (error) {
    return String(error);
  }
};

describe('null in an optional field', () => {
  const cases = inputs.flatMap(({ name, schema, example }) =>
    optionalFields(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema)
      .filter((path) => path.slice(0, -1).every((key) => key in example))
      .map((path) => ({ name: `${name}: ${path.join('.')}`, schema, example, path })),
  );

  it.each(cases)('reads as absent, at the edge and at the owner: $name', ({ schema, example, path }) => {
    for (const read of [parse, parseTolerantly])
      expect(outcome(read, schema, withValue(example, path))).toEqual(
        outcome(read, schema, without(example, path)),
      );
  });

  it('is looked for in every kind of input', () => {
    expect(cases.length).toBeGreaterThan(20);
    expect(cases.map(({ name }) => name)).toContain('message.v1.send payload: message.replyToId');
  });
});

describe('an id in capitals', () => {
  const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
  /** Each id of the data in capitals, in nested objects and lists too. */
  const capitals = (data: unknown): unknown => {
    if (typeof data === 'string') return UUID.test(data) ? data.toUpperCase() : data;
    if (Array.isArray(data)) return data.map(capitals);
    if (typeof data !== 'object' || data === null) return data;
    return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, capitals(value)]));
  };
  const cases = inputs.filter(({ example }) => JSON.stringify(capitals(example)) !== JSON.stringify(example));

  it.each(cases)('reads as in lower case: $name', ({ schema, example }) => {
    expect(parse(schema, capitals(example))).toEqual(parse(schema, example));
  });

  it('is read so in an event that is a bare id', () => {
    const id = '0193A1B2-0000-7000-8000-00000000000A';
    for (const { socket } of requestContracts) {
      const bare = socket?.form?.payload.safeParse(id);
      if (bare?.success === true) expect(bare.data).toMatchObject({ chatId: id.toLowerCase() });
    }
  });
});
