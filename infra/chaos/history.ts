import { Message } from '@switchboard/shared/contracts';

/**
 * What was asked and what came of it, in the manner of Jepsen. `ok`: acknowledged. `fail`: refused for good, so it must not
 * have happened. `info`: unknown, it may have happened once or not at all.
 */
export interface Operation {
  readonly chatId: string;
  readonly senderId: number;
  /** Unique in the run: what the message says. */
  readonly text: string;
  readonly invokedAt: number;
  outcome: 'pending' | 'ok' | 'fail' | 'info';
  completedAt?: number;
  /** Of the acknowledged message. */
  id?: string;
  seq?: number;
  /** What went wrong, for the report. */
  code?: string;
  attempts: number;
}

/** What the system answers to one event. */
export interface Answer {
  readonly event: string;
  readonly data: unknown;
  readonly code?: string;
  readonly retryable?: boolean;
}

/** A chat whose closing was answered with 200. */
export interface Closing {
  readonly chatId: string;
  readonly answeredAt: number;
}

/** A message as somebody saw it, or as it is stored. */
export interface Seen {
  readonly id: string;
  readonly seq: number;
  readonly text: string;
}

/** One member's whole view of a chat: what they heard live and caught up with, in the order in which it reached them. */
export interface View {
  readonly who: string;
  readonly chatId: string;
  readonly seen: readonly Seen[];
}

export interface Evidence {
  readonly operations: readonly Operation[];
  /** Per chat, in the order of `seq`. */
  readonly stored: ReadonlyMap<string, readonly Seen[]>;
  readonly views: readonly View[];
  readonly closings: readonly Closing[];
  /** How often a member was told that another had left, and how often that one had been away. */
  readonly departures: readonly { readonly who: string; readonly userId: number; readonly told: number; readonly true: number }[];
  readonly activeUsers: readonly { readonly chatId: string; readonly expected: readonly number[]; readonly found: readonly number[] }[];
}

/** Writes down what is known of a send now; false: not the end of it yet. */
export function conclude(operation: Operation, answer: Answer | undefined): boolean {
  operation.completedAt = performance.now();
  if (answer?.event === 'messageSent') {
    const { id, seq } = Message.parse(answer.data);
    Object.assign(operation, { outcome: 'ok', id, seq });
    return true;
  }
  operation.code = answer?.code ?? 'no answer';
  operation.outcome = answer?.retryable === false ? 'fail' : 'info';
  return operation.outcome === 'fail';
}
