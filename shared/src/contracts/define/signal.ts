import type { z } from 'zod';
import type { RoomOwner } from './event.ts';

export type SignalSubject = `log.${RoomOwner}.heads`;

export interface SignalContract<P extends z.ZodType = z.ZodType> {
  readonly kind: 'signal';
  readonly subject: SignalSubject;
  readonly description: string;
  readonly payload: P;
  readonly example: z.input<P>;
}

/** Service to every subscriber, without a reply; it may be lost. */
export function signal<P extends z.ZodType>(
  subject: SignalSubject,
  contract: Omit<SignalContract<P>, 'kind' | 'subject'>,
): SignalContract<P> {
  return { kind: 'signal', subject, ...contract };
}
