import { z } from 'zod';
import { orNull, type JsonSchema } from '../json-schema.ts';
import {
  exportedName,
  exportOf,
  fragmentOf,
  hasOptionalFields,
  type Exports,
  type Fragment,
} from './fragment.ts';
import { isStructure, mapChildren } from './structure.ts';

export { fragmentOf, objectOf, type Fragment } from './fragment.ts';

const PREFIX = '#/components/schemas/';

/** `output`: what readers may rely on. `input`: what a client may send; `null` reads as absent (`parse`). */
type Mode = 'input' | 'output';

/**
 * The `components/schemas` of one document. Each object, enumeration and union gets a name, so that
 * generators invent none: the name under which the contracts export it, else the name of its place.
 */
export class Components {
  readonly #schemas = new Map<string, JsonSchema>();

  get schemas(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries([...this.#schemas].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Returns a reference. */
  output(name: string, schema: z.ZodType): JsonSchema {
    return this.#root(name, fragmentOf(schema), 'output');
  }

  /** Returns a reference. */
  input(name: string, schema: z.ZodType | Fragment): JsonSchema {
    return this.#root(name, schema instanceof z.ZodType ? fragmentOf(schema) : schema, 'input');
  }

  /** Returns a reference, or the schema itself where it needs no name. */
  part(name: string, { schema, exports }: Fragment): JsonSchema {
    return this.#place(name, schema, exports, 'output');
  }

  /** Names a schema whose parts have names. Returns a reference. */
  add(name: string, schema: JsonSchema): JsonSchema {
    const present = this.#schemas.get(name);
    if (present !== undefined && JSON.stringify(present) !== JSON.stringify(schema))
      throw new Error(`contracts: two schemas have the name ${name}; rename one of them`);
    this.#schemas.set(name, schema);
    return { $ref: `${PREFIX}${name}` };
  }

  #root(name: string, { schema, exports }: Fragment, mode: Mode): JsonSchema {
    const placed = this.#place(name, schema, exports, mode);
    return placed['$ref'] === undefined ? this.add(name, placed) : placed;
  }

  #place(name: string, schema: JsonSchema, exports: Exports, mode: Mode): JsonSchema {
    const known = exportedName(schema);
    if (known !== undefined) return { ...schema, ...this.#export(known, exports, mode) };
    const inner = this.#withParts(name, schema, exports, mode);
    return isStructure(inner) ? this.add(name, inner) : inner;
  }

  /** As input it has a name of its own if it allows `null` somewhere. */
  #export(name: string, exports: Exports, mode: Mode): JsonSchema {
    const schema = exportOf(name, exports);
    const title = mode === 'input' && hasOptionalFields(schema, exports) ? `${name}Input` : name;
    return this.add(title, this.#withParts(title, schema, exports, mode));
  }

  #withParts(name: string, schema: JsonSchema, exports: Exports, mode: Mode): JsonSchema {
    return mapChildren(
      schema,
      (suffix, child) => this.#place(`${name}${pascal(suffix)}`, child, exports, mode),
      (field, isRequired) => (mode === 'input' && !isRequired ? this.#orNull(field) : field),
    );
  }

  #orNull(schema: JsonSchema): JsonSchema {
    const { $ref } = schema;
    return typeof $ref === 'string'
      ? this.add(`${$ref.slice(PREFIX.length)}OrNull`, orNull(schema))
      : orNull(schema);
  }
}

/** `message.v1.send` becomes `MessageV1Send`. */
export const pascal = (text: string): string =>
  text
    .split(/[^A-Za-z\d]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
