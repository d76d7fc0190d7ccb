import { z } from 'zod';

/** In this log a payload with a `seq` names a message; readers get the message as it is when they read. */
export const MessageFact = z.object({ seq: z.int().positive() });

export const seqOf = (payload: unknown): number | undefined => MessageFact.safeParse(payload).data?.seq;
