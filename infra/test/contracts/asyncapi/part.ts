import type { RequestContract } from '@switchboard/shared/contracts';
import type { JsonSchema } from '../json-schema.ts';
import { errorsOf, errorTable, summaryOf } from '../operations.ts';
import { tag } from './tags.ts';

// https://www.asyncapi.com/docs/reference/specification/v3.1.0

/** One interface of Switchboard: its channels and operations. */
export interface Part {
  readonly channels: Record<string, JsonSchema>;
  readonly operations: Record<string, JsonSchema>;
}

export const at = (...path: readonly string[]): JsonSchema => ({
  $ref: `#/${path.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`,
});

/** `payload`: a reference to its component. */
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

export interface Operation {
  readonly action: 'send' | 'receive';
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly channel: string;
  readonly message: string;
}

/** What every operation says. */
export const operation = ({ action, title, description, tags, channel, message }: Operation): JsonSchema => ({
  action,
  title,
  summary: summaryOf(description),
  description,
  tags: tags.map(tag),
  channel: at('channels', channel),
  messages: [at('channels', channel, 'messages', message)],
});

export const describedWithErrors = (description: string, contract: Pick<RequestContract, 'errors'>): string =>
  `${description}\n\n${errorTable(errorsOf(contract))}`;
