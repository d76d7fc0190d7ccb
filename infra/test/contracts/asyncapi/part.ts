import { type RequestContract } from '@switchboard/shared/contracts';
import { type JsonSchema } from '../json-schema.ts';
import { errorsOf, errorTable, summaryOf } from '../operations.ts';

// https://www.asyncapi.com/docs/reference/specification/v3.0.0

/** One interface of Switchboard: its channels and operations. */
export interface Part {
  readonly channels: Record<string, JsonSchema>;
  readonly operations: Record<string, JsonSchema>;
}

export const at = (...path: readonly string[]): JsonSchema => ({
  $ref: `#/${path.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`,
});
export const message = (
  name: string,
  description: string,
  payload: JsonSchema,
  example: unknown,
): JsonSchema => ({
  name,
  title: name,
  summary: summaryOf(description),
  description,
  payload,
  examples: [{ name: 'example', payload: example }],
});
export const describedWithErrors = (description: string, contract: Pick<RequestContract, 'errors'>): string =>
  `${description}\n\n${errorTable(errorsOf(contract))}`;
