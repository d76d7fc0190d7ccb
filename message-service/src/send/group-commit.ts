import type { Actor, NewMessage } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { SizeHistogram, type OpenSpan, type Spans } from '@switchboard/shared/telemetry';
import type { DataSource } from 'typeorm';
import type { Cause, MessageSender, Sent } from '../domain/message-store.ts';
import type { UrlOfFile } from '../domain/message.ts';
import type { CommitOutcome } from '../domain/send.ts';
import { BatchQueue } from './batch-queue.ts';
import type { CommitPlan, CommitStrategy } from './commit-strategy.ts';
import { Detours } from './detours.ts';
import { LockedDecision } from './locked-decision.ts';
import { PendingSend } from './pending-send.ts';
import { PlainAppend } from './plain-append.ts';

// The states of a send. It settles with a message only after COMMIT.
//
//   send() ─────▶ queued ──batch──▶ plain append ──appended──────────────────────────────────▶ settled
//     │             │                  │ left: not plain, chat closed or locked,                  ▲
//     │ the chat    │ another send     │       key used, or refused by Postgres                   │
//     │ has a       │ to the chat      ▼                                                          │
//     │ detour      │ is contended  locked decision ──appended, repeated, refused, unknown────────┤
//     │             │                  │ contended: another transaction has locked the chat       │
//     │             ▼                  ▼                                                          │
//     └────────▶ detour of the chat ──batch──▶ locked decision that waits for the lock ───────────┘
//
// Before each commit, an expired send settles with TIMEOUT. After a failed commit, `recover` of the strategy
// says what follows: the next strategy, a commit for each send, or settled with the error.

const MAX_BATCH = 256;

const batchSizes = new SizeHistogram(
  'switchboard.message.batch.size',
  '{message}',
  'Messages that shared a transaction',
  [1, 2, 4, 8, 16, 32, 64, 128, 256],
);

/**
 * Group commit: sends in flight together share one transaction. A batch never waits for a row that another
 * transaction holds: sends to that chat take a detour, where they wait and may fail with BUSY alone.
 */
export class GroupCommit implements MessageSender {
  readonly #urlOf: UrlOfFile;
  readonly #spans: Spans;
  readonly #plain: CommitStrategy;
  readonly #skipLocked: CommitStrategy;
  readonly #waitForLock: CommitStrategy;
  readonly #queue = new BatchQueue<PendingSend>(MAX_BATCH, (batch) => this.#commitBatch(batch));
  readonly #detours = new Detours<PendingSend>(MAX_BATCH, async (batch) => {
    await this.#commit(batch, this.#waitForLock);
  });

  constructor(database: DataSource, urlOf: UrlOfFile, spans: Spans) {
    this.#urlOf = urlOf;
    this.#spans = spans;
    this.#plain = new PlainAppend(database);
    this.#skipLocked = new LockedDecision(database, 'skip');
    this.#waitForLock = new LockedDecision(database, 'wait');
  }

  send(sender: Actor, chatId: string, message: NewMessage, cause: Cause): Promise<Sent | undefined> {
    const send = new PendingSend(sender, chatId, message, cause, this.#spans);
    if (!this.#detours.join(send)) this.#queue.push(send);
    return send.sent;
  }

  async #commitBatch(batch: readonly PendingSend[]): Promise<void> {
    const left = await this.#commit(batch, this.#plain);
    await this.#commit(left, this.#skipLocked);
  }

  /** Commits and settles what the strategy accepts; returns what it leaves. */
  async #commit(batch: readonly PendingSend[], strategy: CommitStrategy): Promise<readonly PendingSend[]> {
    const plan = strategy.plan(batch.filter((send) => send.isStillWanted()));
    if (plan.accepted.length === 0) return plan.left;
    const span = this.#spans.beginShared(
      'commit sends',
      plan.accepted.map(({ trace }) => trace),
    );
    let outcomes: readonly CommitOutcome<PendingSend>[];
    try {
      outcomes = await span.run(() => plan.commit());
    } catch (error) {
      return this.#recover(plan, strategy, error, span);
    }
    return [...plan.left, ...this.#settle(outcomes, span)];
  }

  /** Settles decided sends, diverts contended ones, and returns those that were left. */
  #settle(outcomes: readonly CommitOutcome<PendingSend>[], span: OpenSpan): readonly PendingSend[] {
    const left: PendingSend[] = [];
    const contended: PendingSend[] = [];
    const decided = outcomes.filter(({ outcome }) => outcome.kind !== 'left').length;
    batchSizes.record(decided);
    try {
      span.end(undefined, { 'switchboard.batch.size': decided });
      for (const { send, outcome } of outcomes) {
        if (outcome.kind === 'left') left.push(send);
        else if (outcome.kind === 'contended') contended.push(send);
        else send.settle(outcome, span.trace, this.#urlOf);
      }
    } catch (error) {
      // The messages may be stored and must not be stored twice: clients repeat them under their keys.
      for (const { send } of outcomes) send.fail(error, codeOf(error), span.trace);
      return [];
    }
    this.#divert(contended);
    return left;
  }

  async #recover(
    { accepted, left }: CommitPlan<PendingSend>,
    strategy: CommitStrategy,
    error: unknown,
    span: OpenSpan,
  ): Promise<readonly PendingSend[]> {
    const code = codeOf(error);
    span.end(code, { 'switchboard.batch.size': accepted.length });
    switch (strategy.recover(error, accepted.length)) {
      case 'leave':
        return [...left, ...accepted];
      case 'split':
        for (const send of accepted) await this.#commit([send], strategy);
        return left;
      case 'fail':
        for (const send of accepted) send.fail(error, code, span.trace);
        return left;
    }
  }

  /** Moves contended sends, and those queued behind them for the same chats, to detours. */
  #divert(contended: readonly PendingSend[]): void {
    if (contended.length === 0) return;
    const chats = new Set(contended.map(({ chatId }) => chatId));
    this.#detours.open([...contended, ...this.#queue.remove(({ chatId }) => chats.has(chatId))]);
  }
}

const codeOf = (error: unknown): string => (error instanceof Failure ? error.code : 'INTERNAL');
