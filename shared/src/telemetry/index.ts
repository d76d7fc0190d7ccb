export {
  Counter,
  DurationHistogram,
  instruments,
  observeGauge,
  SizeHistogram,
  type Distribution,
  type Instrument,
  type Point,
} from './instruments.ts';
export {
  isServerFault,
  noRecorder,
  OpenSpan,
  Spans,
  type EndedSpan,
  type SpanAttributes,
  type SpanKind,
  type SpanRecorder,
} from './spans.ts';
export { newTrace, readTraceparent, recordedTraceparent, traceparentOf, type Trace } from './trace.ts';
