import { queueOf } from '@switchboard/shared/bus';
import {
  edgeRequests,
  requestContracts,
  type EdgeRequestContract,
  type HttpBinding,
  type RequestContract,
} from '@switchboard/shared/contracts';
import { ERRORS, type ErrorCode } from '@switchboard/shared/errors';
import type { z } from 'zod';
import { inputSchemaOf, type JsonSchema } from './json-schema.ts';

/** The errors that any request may return, beside those that its contract names. */
const ANY_REQUEST: readonly ErrorCode[] = [
  'UNAUTHORIZED',
  'FORBIDDEN',
  'VALIDATION',
  'RATE_LIMITED',
  'BUSY',
  'UNAVAILABLE',
  'TIMEOUT',
  'INTERNAL',
];

export const errorsOf = ({ errors }: { readonly errors: readonly ErrorCode[] }): ErrorCode[] => [
  ...new Set([...errors, ...ANY_REQUEST]),
];

/** The first sentence, as a heading. */
export const summaryOf = (description: string): string =>
  /^.*?[.:](?= |$)/.exec(description)?.[0].replace(/[.:]$/, '') ?? description;

/** The program that replies. A service's name is also its queue group. */
export const ownerOf = (contract: RequestContract | EdgeRequestContract): string =>
  contract.kind === 'request' ? queueOf(contract.subject) : 'gateway';

/** Every event that a socket can emit. */
export const socketRequests = (): (RequestContract | EdgeRequestContract)[] => [
  ...[...requestContracts, ...edgeRequests].filter(({ socket }) => socket !== undefined),
];

/** What a client sends. */
export const clientSchemaOf = ({ socket, payload }: RequestContract | EdgeRequestContract): z.ZodType =>
  socket?.form?.shown ?? socket?.form?.payload ?? payload;
/** A request with an HTTP route. */
export type HttpContract = (RequestContract | EdgeRequestContract) & { readonly http: HttpBinding<unknown> };

/** Every request with an HTTP route. */
export const httpRequests = (): HttpContract[] => [...requestContracts, ...edgeRequests].filter(hasHttp);

const hasHttp = (contract: RequestContract | EdgeRequestContract): contract is HttpContract =>
  contract.http !== undefined;

/** The schema of the payload that a client sends. */
export const requestSchemaOf = (contract: RequestContract | EdgeRequestContract): JsonSchema =>
  inputSchemaOf(clientSchemaOf(contract));

/** A Markdown table. */
export const errorTable = (codes: readonly ErrorCode[]): string =>
  [
    '| error | | again? |',
    '| --- | --- | --- |',
    ...codes.map(
      (code) => `| \`${code}\` | ${ERRORS[code].sentence} | ${ERRORS[code].retryable ? 'later' : 'no'} |`,
    ),
  ].join('\n');
