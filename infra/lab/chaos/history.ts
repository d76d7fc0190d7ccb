import { Message } from '@switchboard/shared/contracts';

/**
 * A send and its outcome, recorded as Jepsen does. `ok`: acknowledged. `fail`: refused for good, so it must
 * not be stored. `info`: unknown, so it may be stored once or not at all.
 */
export interface Operation {
  readonly chatId: string;
  readonly senderId: number;
  /** The text of the message; unique in the run. */
  readonly text: string;
  readonly invokedAt: number;
  outcome: 'pending' | 'ok' | 'fail' | 'info';
  completedAt?: number;
  /** The id of the acknowledged message. */
  id?: string;
  seq?: number;
  /** The error code, for the report. */
  code?: string;
  attempts: number;
}

/** The system's reply to one Socket.IO event. */
export interface Reply {
  readonly event: string;
  readonly data: unknown;
  readonly code?: string;
  readonly retryable?: boolean;
}

/** A chat whose closing got the reply 200. */
export interface Closing {
  readonly chatId: string;
  readonly repliedAt: number;
}

/** A message as a member received it, or as it is stored. */
export interface Seen {
  readonly id: string;
  readonly seq: number;
  readonly text: string;
}

/** All messages of a chat that one member received, live or by catch-up, in the order of arrival. */
export interface View {
  readonly who: string;
  readonly chatId: string;
  readonly seen: readonly Seen[];
}

export interface Evidence {
  readonly operations: readonly Operation[];
  /** Messages by chat, in the order of `seq`. */
  readonly stored: ReadonlyMap<string, readonly Seen[]>;
  readonly views: readonly View[];
  readonly closings: readonly Closing[];
  /**
   * How many `left` events a member received for another, and how often that user really left. Undefined when
   * a lease is lost, because such events are correct then.
   */
  readonly departures:
    | readonly {
        readonly who: string;
        readonly userId: number;
        readonly reported: number;
        readonly actual: number;
      }[]
    | undefined;
  readonly activeUsers: readonly {
    readonly chatId: string;
    readonly expected: readonly number[];
    readonly found: readonly number[];
  }[];
}

/** Records the outcome of one attempt; returns false when the outcome is not final. */
export function conclude(operation: Operation, reply: Reply | undefined): boolean {
  operation.completedAt = performance.now();
  if (reply?.event === 'messageSent') {
    const { id, seq } = Message.parse(reply.data);
    Object.assign(operation, { outcome: 'ok', id, seq });
    return true;
  }
  operation.code = reply?.code ?? 'no reply';
  operation.outcome = reply?.retryable === false ? 'fail' : 'info';
  return operation.outcome === 'fail';
}
