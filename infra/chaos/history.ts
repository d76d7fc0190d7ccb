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
  readonly activeUsers: readonly { readonly chatId: string; readonly expected: readonly number[]; readonly found: readonly number[] }[];
}
