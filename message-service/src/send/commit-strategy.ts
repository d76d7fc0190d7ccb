import type { CommitOutcome, Send } from '../domain/send.ts';

/** A way to commit sends. */
export interface CommitStrategy {
  /** Chooses, without I/O, which sends this strategy accepts and which it leaves to the next one. */
  plan<S extends Send>(sends: readonly S[]): CommitPlan<S>;
  /** What becomes of a plan's sends after its commit failed with this error. */
  recover(error: unknown, sends: number): Recovery;
}

export interface CommitPlan<S extends Send> {
  readonly accepted: readonly S[];
  readonly left: readonly S[];
  /** One transaction: resolves after COMMIT, with the outcome of each accepted send. */
  readonly commit: () => Promise<readonly CommitOutcome<S>[]>;
}

/**
 * `leave`: Postgres undid everything, and the next strategy may commit the sends. `split`: one of the sends
 * is at fault, so each gets a commit of its own. `fail`: the sends may be stored, or a retry now would not
 * help.
 */
export type Recovery = 'leave' | 'split' | 'fail';
