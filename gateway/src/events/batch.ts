import { Json, jsonOf } from '@switchboard/shared/bus';
import { Failure } from '@switchboard/shared/errors';
import type { Reply } from './reply.ts';

/** Of the results of a batch, as JSON, in characters. Above it no further part begins. */
const MAX_LENGTH = 1024 * 1024;

interface Part {
  readonly chatId: string;
}

/** The result of a part, as JSON. */
interface Result {
  readonly text: string;
  readonly afterSend?: Reply['afterSend'];
}

/** Does the work of a part, unless the reply is full: then it throws BUSY. */
type Within = (work: () => Promise<Reply>) => Promise<Result>;

export interface BatchParts<P extends Part> {
  readonly parts: readonly P[];
  /** Calls `within` when the turn of the part has come. */
  readonly run: (part: P, within: Within) => Promise<Result>;
  readonly failureOf: (error: unknown) => Failure;
}

/** The reply to a batch: the result of each part, in their order. A part that fails does not stop others. */
export async function replyToBatch<P extends Part>({ parts, run, failureOf }: BatchParts<P>): Promise<Reply> {
  let length = 0;
  const within: Within = async (work) => {
    if (length > MAX_LENGTH) throw new Failure('BUSY');
    const { data, afterSend } = await work();
    const text = jsonOf(data);
    length += text.length;
    return { text, afterSend };
  };
  const results = await Promise.all(
    parts.map((part) =>
      run(part, within).catch((error: unknown): Result => ({ text: refusalOf(part, failureOf(error)) })),
    ),
  );
  return {
    data: new Json(`{"chats":[${results.map(({ text }) => text).join(',')}]}`),
    afterSend: () => {
      for (const { afterSend } of results) afterSend?.();
    },
  };
}

const refusalOf = ({ chatId }: Part, { code, retryable, details }: Failure): string =>
  JSON.stringify({ chatId, error: { code, retryable, details } });
