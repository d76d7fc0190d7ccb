export { Bus, type BusOptions, type RequestOptions } from './bus.ts';
export type { RoomEventFrame, RoomEventMeta } from './envelope.ts';
export { RequestContext, type Handler, type RoutesOf } from './handler.ts';
export { Json, jsonOf } from './json.ts';
export { REQUEST_TIMEOUT_MS } from './requester.ts';
export type { RoomSubscription } from './room-events.ts';
export { queueOf } from './subjects.ts';
