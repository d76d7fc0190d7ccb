import * as contracts from '@switchboard/shared/contracts';
import { z } from 'zod';
import { isSchema, jsonSchemaOf, Schema, type JsonSchema } from '../json-schema.ts';
import { isStructure, optionLists } from './structure.ts';

/** Adds the names of exported schemas to what the contracts say of every schema. */
class ExportedNames extends z.core.$ZodRegistry<z.core.GlobalMeta> {
  override get(schema: z.core.$ZodType): z.core.GlobalMeta {
    return { ...z.globalRegistry.get(schema), ...super.get(schema) };
  }
}

const exported = new ExportedNames();
for (const [name, value] of Object.entries(contracts))
  if (value instanceof z.ZodType && isStructure(jsonSchemaOf(value))) exported.add(value, { id: name });

/** Schemas that the contracts export, by name. */
export type Exports = Readonly<Record<string, JsonSchema>>;

/** A schema that refers to the exported schemas in it by name. */
export interface Fragment {
  readonly schema: JsonSchema;
  readonly exports: Exports;
}

export function fragmentOf(schema: z.ZodType): Fragment {
  const written: Record<string, unknown> = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    metadata: exported,
  });
  const { $defs = {}, ...rest } = written;
  delete rest['$schema'];
  return { schema: Schema.parse(rest), exports: z.record(z.string(), Schema).parse($defs) };
}

/** The same, with the fields of the schema itself even if it is exported. */
export function objectOf(schema: z.ZodType): Fragment {
  const { schema: written, exports } = fragmentOf(schema);
  const name = exportedName(written);
  return { schema: name === undefined ? written : exportOf(name, exports), exports };
}

/** The name of the exported schema that this one refers to. */
export const exportedName = ({ $ref }: JsonSchema): string | undefined =>
  typeof $ref === 'string' ? $ref.replace('#/$defs/', '') : undefined;

export function exportOf(name: string, exports: Exports): JsonSchema {
  const schema = exports[name];
  if (schema === undefined) throw new Error(`contracts: the schema ${name} is not exported`);
  return schema;
}

export function hasOptionalFields(schema: JsonSchema, exports: Exports): boolean {
  const name = exportedName(schema);
  if (name !== undefined) return hasOptionalFields(exportOf(name, exports), exports);
  const { properties = {}, required = [], items, additionalProperties } = schema;
  if (Object.keys(properties).some((key) => !required.includes(key))) return true;
  const options = optionLists(schema).flatMap(([, list]) => list);
  return [...Object.values(properties), ...options, items, additionalProperties]
    .filter(isSchema)
    .some((child) => hasOptionalFields(child, exports));
}
