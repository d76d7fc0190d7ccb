import { queueOf } from '@switchboard/shared/bus';
import { edgeRequests, requestContracts, type EdgeRequestContract, type RequestContract } from '@switchboard/shared/contracts';
import { ERRORS, type ErrorCode } from '@switchboard/shared/errors';
import { jsonSchemaOf, type JsonSchema } from './json-schema.ts';

/** What may come of anything that is asked, beside what a contract names. */
const ANY_REQUEST: readonly ErrorCode[] = ['UNAUTHORIZED', 'FORBIDDEN', 'VALIDATION', 'RATE_LIMITED', 'BUSY', 'UNAVAILABLE', 'TIMEOUT', 'INTERNAL'];

export const errorsOf = ({ errors }: { readonly errors: readonly ErrorCode[] }): ErrorCode[] => [...new Set([...errors, ...ANY_REQUEST])];

/** The first sentence, as a heading. */
export const summaryOf = (description: string): string => /^.*?[.:](?= |$)/.exec(description)?.[0].replace(/[.:]$/, '') ?? description;

/** Who answers, by the name of its process: also its queue group. */
export const ownerOf = ({ subject }: RequestContract): string => queueOf(subject);

/** Whatever a socket can emit. */
export const socketRequests = (): (RequestContract | EdgeRequestContract)[] => [...requestContracts.filter(({ socket }) => socket !== undefined), ...edgeRequests];

/** What a client says to ask for it. */
export const askedSchemaOf = ({ socket, payload }: RequestContract | EdgeRequestContract): JsonSchema => jsonSchemaOf(socket?.form?.shown ?? socket?.form?.payload ?? payload);

/** As a table, for those who read. */
export const errorTable = (codes: readonly ErrorCode[]): string =>
  ['| error | | again? |', '| --- | --- | --- |', ...codes.map((code) => `| \`${code}\` | ${ERRORS[code].sentence} | ${ERRORS[code].retryable ? 'later' : 'no'} |`)].join('\n');
