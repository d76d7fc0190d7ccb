import {
  DurationHistogram,
  isServerFault,
  readTraceparent,
  type OpenSpan,
  type Spans,
  type Trace,
} from '@switchboard/shared/telemetry';
import { codes, type ErrorCode } from '@switchboard/shared/errors';
import { originOf } from './origin.ts';

const durations = new DurationHistogram(
  'switchboard.event.duration',
  'From reading the frame of an event to its reply',
  ['event', 'outcome'],
);

/** The outcomes that count for the objectives. */
const MEASURED = ['ok', ...codes.filter(isServerFault)];

/** Creates the series at 0, so that `rate()` sees the first increment. */
export const createSeries = (events: Iterable<string>): void => {
  for (const event of events) for (const outcome of MEASURED) durations.createSeries(event, outcome);
};

/** The span and the duration of one client event, from its frame to its reply. */
export class ClientEvent {
  readonly name: string;
  readonly #span: OpenSpan;
  #waitedMs = 0;
  #fault: ErrorCode | undefined;

  /**
   * `clientTraces`: the `traceparent`s that the client sent, of any form. The span links to them; the client
   * does not decide which traces are recorded here.
   */
  constructor(name: string, spans: Spans, gatewayId: string, clientTraces: readonly unknown[]) {
    this.name = name;
    this.#span = spans.begin(name, 'server', {
      links: clientTraces.flatMap((traceparent) => readTraceparent(traceparent) ?? []),
      attributes: { 'network.protocol.name': 'socket.io' },
      origin: originOf(gatewayId, performance.now()),
    });
  }

  get trace(): Trace {
    return this.#span.trace;
  }

  /** performance.now(), ms. */
  get receivedAt(): number {
    return this.#span.startedAt;
  }

  /** The event spent `ms` in its queue. */
  waited(ms: number): void {
    this.#waitedMs = ms;
  }

  /** A part of a batch failed. A fault of the server counts as one of the event. */
  partFailed(failure: ErrorCode): void {
    if (isServerFault(failure)) this.#fault ??= failure;
  }

  replied(failure = this.#fault): void {
    this.#span.end(failure, { 'switchboard.waited_ms': Math.round(this.#waitedMs * 10) / 10 });
    durations.record(performance.now() - this.#span.startedAt, this.name, failure ?? 'ok');
  }
}
