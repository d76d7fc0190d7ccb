import { errorDetails } from '@switchboard/shared/contracts';
import { codes, type ErrorCode } from '@switchboard/shared/errors';
import type { z } from 'zod';
import { pascal, type Components } from './components/index.ts';
import type { JsonSchema } from './json-schema.ts';

interface Details {
  readonly description: string;
  readonly details: z.ZodType;
  readonly example: unknown;
}
const byCode = new Map<string, Details>(Object.entries(errorDetails));

/** What the `details` of a code hold; undefined if it has none. */
export const detailsOf = (code: ErrorCode): Details | undefined => byCode.get(code);

/** What a failure says beside `code`, `retryable`, `traceId` and `details`. */
export interface FailureForm {
  /** Ends the names of the components: `ValidationProblem`, `OtherProblem`. */
  readonly name: string;
  readonly properties: Readonly<Record<string, JsonSchema>>;
}

/** References by code: a schema for each code that has details, and one for all others. */
export function addFailures(components: Components, form: FailureForm): ReadonlyMap<ErrorCode, JsonSchema> {
  const others = codes.filter((code) => detailsOf(code) === undefined);
  const other = components.add(
    `Other${form.name}`,
    failureSchema(form, components.add('OtherErrorCode', { type: 'string', enum: others }), {
      type: 'object',
    }),
  );
  return new Map(
    codes.map((code) => {
      const about = detailsOf(code);
      if (about === undefined) return [code, other];
      const title = pascal(code.toLowerCase());
      const details = components.output(`${title}Details`, about.details.describe(about.description));
      const schema = failureSchema(form, { type: 'string', const: code }, details);
      return [code, components.add(`${title}${form.name}`, schema)];
    }),
  );
}

const failureSchema = ({ properties }: FailureForm, code: JsonSchema, details: JsonSchema): JsonSchema => ({
  type: 'object',
  required: [...Object.keys(properties), 'code', 'retryable', 'traceId'],
  properties: {
    ...properties,
    code,
    retryable: { type: 'boolean', description: 'Whether the same request may succeed later.' },
    traceId: { type: 'string', description: 'Names the trace of the request, for support.' },
    details,
  },
});
