import { Durations, isOurs, readTraceparent, type OpenSpan, type Spans, type Trace } from '@switchboard/shared/bus';
import { codes, type ErrorCode } from '@switchboard/shared/errors';
import { originOf } from './origin.ts';

const durations = new Durations('switchboard.event.duration', 'From reading the frame of an event to its answer', ['event', 'outcome']);

/** The outcomes of an event that an objective is measured by. */
const MEASURED = ['ok', ...codes.filter(isOurs)];

export const beginMeasuring = (events: Iterable<string>): void => {
  for (const event of events) for (const outcome of MEASURED) durations.begin(event, outcome);
};

/** One event of a client from its frame to its answer, for those who run the system. */
export class ClientEvent {
  readonly name: string;
  readonly #span: OpenSpan;
  #waitedMs = 0;

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

  /** For its turn, behind what the socket had asked before, in ms. */
  waited(ms: number): void {
    this.#waitedMs = ms;
  }

  answered(failure?: ErrorCode): void {
    this.#span.end(failure, { 'switchboard.waited_ms': Math.round(this.#waitedMs * 10) / 10 });
    durations.record(performance.now() - this.#span.startedAt, this.name, failure ?? 'ok');
  }
}
