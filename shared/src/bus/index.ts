export { Bus, REQUEST_TIMEOUT_MS, type Asking, type RoomSubscription } from './bus.ts';
export type { RoomEventFrame, RoomEventMeta } from './envelope.ts';
export { RequestContext, type Handler, type RoutesOf } from './handler.ts';
export { newTrace, traceOf, type Trace } from './trace.ts';
