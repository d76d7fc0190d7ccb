export { Bus, REQUEST_TIMEOUT_MS, type Asking, type BusOptions, type RoomSubscription } from './bus.ts';
export type { RoomEventFrame, RoomEventMeta } from './envelope.ts';
export { queueOf } from './subjects.ts';
export { RequestContext, type Handler, type RoutesOf } from './handler.ts';
export { Counts, Durations, instruments, observe, Sizes, type Distribution, type Instrument, type Point } from './instruments.ts';
export { Json, jsonOf } from './json.ts';
export { isOurs, noRecorder, OpenSpan, Spans, type EndedSpan, type SpanAttributes, type SpanKind, type SpanRecorder } from './spans.ts';
export { newTrace, readTraceparent, recordedTraceparent, traceparentOf, type Trace } from './trace.ts';
