import { z } from 'zod';
import { Rev } from './values.ts';

/** The `seq` of the last message before a change of the chat; 0: there is none. */
export const AfterSeq = z.int().nonnegative();

/**
 * Where an entry of chat-service's log stands among the messages of its chat. message-service decides it when
 * it applies the change; it never changes.
 */
export const Placement = z.object({
  rev: Rev,
  afterSeq: AfterSeq,
  /** The `rev` of that message in message-service's log; 0: there is none. */
  afterRev: Rev,
});
export type Placement = z.output<typeof Placement>;
