import { Durations, readTraceparent, type OpenSpan, type Spans, type Trace } from '@switchboard/shared/bus';
import type { ErrorCode } from '@switchboard/shared/errors';
import { originOf } from './origin.ts';

const durations = new Durations('switchboard.event.duration', 'From reading the frame of an event to its answer', ['event', 'outcome']);

/** One event of a client from its frame to its answer, for those who run the system. */
export class ClientEvent {
  readonly name: string;
  readonly #span: OpenSpan;

  /**
   * `theirs`: the `traceparent`s that the client named, each of any form. They are linked to: which of our traces are recorded is
   * not theirs to say.
   */
  constructor(name: string, spans: Spans, gatewayId: string, theirs: readonly unknown[]) {
    this.name = name;
    this.#span = spans.begin(name, 'server', {
      links: theirs.flatMap((traceparent) => readTraceparent(traceparent) ?? []),
      attributes: { 'network.protocol.name': 'socket.io' },
      origin: originOf(gatewayId, performance.now()),
    });
  }

  get trace(): Trace {
    return this.#span.trace;
  }

  /** performance.now(), ms. */
  get arrivedAt(): number {
    return this.#span.startedAt;
  }

  answered(failure?: ErrorCode): void {
    this.#span.end(failure);
    durations.record(performance.now() - this.#span.startedAt, this.name, failure ?? 'ok');
  }
}
