import { logEntry, newMessage, type Actor, type NewMessage } from '@switchboard/shared/contracts';
import { Failure } from '@switchboard/shared/errors';
import { randomBytes } from '@switchboard/shared/random';
import { recordedTraceparent, type OpenSpan, type Spans, type Trace } from '@switchboard/shared/telemetry';
import { v7 as uuid } from 'uuid';
import type { Cause, Sent } from '../domain/message-store.ts';
import { render, type UrlOfFile } from '../domain/message.ts';
import type { Outcome, Send } from '../domain/send.ts';

const UUID_OPTIONS = { rng: () => randomBytes(16) };

/** A send that waits for its COMMIT, with the promise that settles then. */
export class PendingSend implements Send {
  readonly id = uuid(UUID_OPTIONS);
  readonly chatId: string;
  readonly sender: Actor;
  readonly message: NewMessage;
  readonly traceparent: string | undefined;
  readonly sent: Promise<Sent | undefined>;
  readonly #cause: Cause;
  /** The wait for COMMIT, below the request's span. */
  readonly #span: OpenSpan;
  readonly #resolve: (sent: Sent | undefined) => void;
  readonly #reject: (error: unknown) => void;

  constructor(sender: Actor, chatId: string, message: NewMessage, cause: Cause, spans: Spans) {
    this.chatId = chatId;
    this.sender = sender;
    this.message = message;
    this.#cause = cause;
    this.#span = spans.begin('commit', 'internal', { parent: cause.trace });
    this.traceparent = recordedTraceparent(this.#span.trace);
    const { promise, resolve, reject } = Promise.withResolvers<Sent | undefined>();
    this.sent = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get trace(): Trace {
    return this.#span.trace;
  }

  /** Settles with TIMEOUT if the request has expired. */
  isStillWanted(): boolean {
    if (!this.#cause.isExpired) return true;
    this.#span.end('TIMEOUT');
    this.#reject(new Failure('TIMEOUT'));
    return false;
  }

  settle(outcome: Exclude<Outcome, { kind: 'contended' }>, committedIn: Trace, urlOf: UrlOfFile): void {
    this.#span.end(outcome.kind === 'refused' ? outcome.failure.code : undefined, {}, [committedIn]);
    if (outcome.kind === 'unknown') {
      this.#resolve(undefined);
    } else if (outcome.kind === 'refused') {
      this.#reject(outcome.failure);
    } else {
      const message = render(outcome.thread, urlOf);
      this.#resolve({
        message,
        entry: outcome.kind === 'appended' ? logEntry(newMessage, outcome.rev, message) : undefined,
      });
    }
  }

  /** Does nothing to a send that has settled. */
  fail(error: unknown, code: string, failedIn: Trace): void {
    this.#span.end(code, {}, [failedIn]);
    this.#reject(error);
  }
}
