import { isSchema, type JsonSchema } from '../json-schema.ts';

type Options = [keyword: string, options: JsonSchema[]];

export const optionLists = (schema: JsonSchema): Options[] =>
  ['anyOf', 'oneOf', 'allOf'].flatMap((keyword): Options[] => {
    const options = schema[keyword];
    return Array.isArray(options) ? [[keyword, options.filter(isSchema)]] : [];
  });

/** Whether generators make a type of it: an object, an enumeration, a union, or a list of these. */
export function isStructure(schema: JsonSchema): boolean {
  const { properties, items, enum: values } = schema;
  return (
    properties !== undefined ||
    optionLists(schema).length > 0 ||
    (Array.isArray(values) && values.length > 1) ||
    (isSchema(items) && isStructure(items))
  );
}

/** The schema with other children. `suffix`: what a child's name adds to the name of the schema. */
export function mapChildren(
  schema: JsonSchema,
  place: (suffix: string, child: JsonSchema) => JsonSchema,
  asField: (field: JsonSchema, isRequired: boolean) => JsonSchema,
): JsonSchema {
  const { properties, required = [], items, additionalProperties } = schema;
  return {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([key, field]) => [
          key,
          asField(place(key, field), required.includes(key)),
        ]),
      ),
    }),
    ...Object.fromEntries(
      optionLists(schema).map(([keyword, options]) => [
        keyword,
        options.map((option, index) => place(`option${String(index + 1)}`, option)),
      ]),
    ),
    ...(isSchema(items) && { items: place('item', items) }),
    ...(isSchema(additionalProperties) && { additionalProperties: place('value', additionalProperties) }),
  };
}
