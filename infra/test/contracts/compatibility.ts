import { isSchema, type JsonSchema } from './json-schema.ts';

/**
 * `in`: others write it and Switchboard parses it strictly. `out`: Switchboard writes it, and readers ignore
 * unknown fields.
 */
export type Direction = 'in' | 'out';

export interface SurfaceEntry {
  readonly direction: Direction;
  readonly schema: JsonSchema;
}

/** Everything that others rely on, by name. */
export type Surface = Readonly<Record<string, SurfaceEntry>>;

/** One sentence per change that breaks users of the surface `was`. Empty if the surfaces are compatible. */
export function breaksOf(was: Surface, is: Surface): string[] {
  return Object.entries(was).flatMap(([name, before]) => {
    const now = is[name];
    if (now === undefined) return [`${name} is gone`];
    return breaks(before.direction, before.schema, now.schema, name);
  });
}

/** Why a writer or reader of `was` fails with `is`. Empty if it does not. */
function breaks(direction: Direction, was: JsonSchema, is: JsonSchema, path: string): string[] {
  const gone = missing(was, is, path);
  return [
    ...gone,
    ...(direction === 'in'
      ? refusals(was, is, path, 'was taken and is refused')
      : refusals(is, was, path, 'may be what it never was')),
  ];
}

/** The removed fields, required or not. */
function missing(was: JsonSchema, is: JsonSchema, path: string): string[] {
  const isProperties = allPropertiesOf(is);
  return Object.entries(allPropertiesOf(was))
    .flatMap(([name, before]) => {
      const now = isProperties[name];
      return now === undefined ? [`${path}.${name} is gone`] : missing(before, now, `${path}.${name}`);
    })
    .concat(
      isSchema(was['items']) && isSchema(is['items']) ? missing(was['items'], is['items'], `${path}[]`) : [],
    );
}

/** Why `to` may refuse a value that `from` allows. Ignores keywords that neither schema has. */
function refusals(from: JsonSchema, to: JsonSchema, path: string, how: string): string[] {
  const fromOptions = optionsOf(from);
  const toOptions = optionsOf(to);
  if (fromOptions.length > 1) return fromOptions.flatMap((option) => refusals(option, to, path, how));
  if (toOptions.length > 1) return fewest(toOptions.map((option) => refusals(from, option, path, how)));
  const [one = from] = fromOptions;
  const [other = to] = toOptions;
  return [
    ...valuesRefused(one, other, path, how),
    ...limitsRefused(one, other, path, how),
    ...fieldsRefused(one, other, path, how),
    ...itemsRefused(one, other, path, how),
  ];
}

function valuesRefused(from: JsonSchema, to: JsonSchema, path: string, how: string): string[] {
  const allowed = valuesOf(to);
  const given = valuesOf(from);
  if (allowed !== undefined) {
    if (given === undefined) return [`${path}: more than ${JSON.stringify(allowed)} ${how}`];
    return given
      .filter((value) => !allowed.includes(value))
      .map((value) => `${path}: ${JSON.stringify(value)} ${how}`);
  }
  const types = typesOf(to);
  if (types === undefined) return [];
  const other = (given?.map(typeOfValue) ?? typesOf(from) ?? ['anything']).filter(
    (type) => !types.includes(type) && !(type === 'integer' && types.includes('number')),
  );
  return other.map((type) => `${path}: ${type} ${how}`);
}

const LOWER = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'];
const UPPER = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'];
const SAME = ['pattern', 'format', 'multipleOf', 'contentEncoding'];

function limitsRefused(from: JsonSchema, to: JsonSchema, path: string, how: string): string[] {
  if (valuesOf(from) !== undefined) return [];
  const number = (schema: JsonSchema, key: string): number | undefined =>
    typeof schema[key] === 'number' ? schema[key] : undefined;
  const lower = LOWER.filter(
    (key) => (number(to, key) ?? Number.NEGATIVE_INFINITY) > (number(from, key) ?? Number.NEGATIVE_INFINITY),
  );
  const upper = UPPER.filter(
    (key) => (number(to, key) ?? Number.POSITIVE_INFINITY) < (number(from, key) ?? Number.POSITIVE_INFINITY),
  );
  const same = SAME.filter((key) => to[key] !== undefined && to[key] !== from[key]);
  return [...lower, ...upper, ...same].map(
    (key) => `${path}: what is beyond ${key} ${JSON.stringify(to[key])} ${how}`,
  );
}

function fieldsRefused(from: JsonSchema, to: JsonSchema, path: string, how: string): string[] {
  const required = (to.required ?? []).filter(
    (name) => from.required?.includes(name) !== true && hasType(from, 'object'),
  );
  const fromProperties = propertiesOf(from);
  const inBoth = Object.entries(propertiesOf(to)).flatMap(([name, field]) => {
    const given = fromProperties[name];
    return given === undefined ? [] : refusals(given, field, `${path}.${name}`, how);
  });
  const closed =
    to['additionalProperties'] === false
      ? Object.keys(fromProperties)
          .filter((name) => !(name in propertiesOf(to)))
          .map((name) => `${path}.${name} ${how}`)
      : [];
  const values =
    isSchema(from['additionalProperties']) && isSchema(to['additionalProperties'])
      ? refusals(from['additionalProperties'], to['additionalProperties'], `${path}.*`, how)
      : [];
  return [...required.map((name) => `${path} without ${name} ${how}`), ...inBoth, ...closed, ...values];
}

const itemsRefused = (from: JsonSchema, to: JsonSchema, path: string, how: string): string[] =>
  isSchema(from['items']) && isSchema(to['items'])
    ? refusals(from['items'], to['items'], `${path}[]`, how)
    : [];

function optionsOf(schema: JsonSchema): JsonSchema[] {
  const options = schema.anyOf ?? schema['oneOf'];
  return Array.isArray(options) ? options.filter(isSchema).flatMap(optionsOf) : [schema];
}

const valuesOf = (schema: JsonSchema): unknown[] | undefined =>
  'const' in schema ? [schema['const']] : Array.isArray(schema['enum']) ? schema['enum'] : undefined;
const typesOf = ({ type }: JsonSchema): readonly string[] | undefined =>
  typeof type === 'string' ? [type] : type;
const hasType = (schema: JsonSchema, type: string): boolean => typesOf(schema)?.includes(type) !== false;
const propertiesOf = (schema: JsonSchema): Readonly<Record<string, JsonSchema>> => schema.properties ?? {};
const allPropertiesOf = (schema: JsonSchema): Readonly<Record<string, JsonSchema>> =>
  Object.assign({}, ...optionsOf(schema).map(propertiesOf)) as Record<string, JsonSchema>;
const fewest = (lists: readonly string[][]): string[] =>
  lists.reduce((least, list) => (list.length < least.length ? list : least));

function typeOfValue(value: unknown): string {
  if (value === null) return 'null';
  if (Number.isInteger(value)) return 'integer';
  return Array.isArray(value) ? 'array' : typeof value;
}
