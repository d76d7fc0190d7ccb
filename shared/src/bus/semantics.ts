import type { RoomOwner } from '../contracts/define.ts';
import type { SpanAttributes } from '../telemetry/spans.ts';
import { roomTemplate } from './subjects.ts';

// OpenTelemetry's semantic conventions 1.45: requests over NATS are remote procedure calls, room events are
// messages.
// https://opentelemetry.io/docs/specs/semconv/rpc/ https://opentelemetry.io/docs/specs/semconv/messaging/

export const NATS_RPC = { 'rpc.system.name': 'nats' } as const;

/** The method is the contract's subject, which contains no id. */
export const RPC_LABELS = ['rpc.method', 'error.type'] as const;

export const roomAttributes = (
  operation: 'publish' | 'process',
  owner: RoomOwner,
  event: string,
): SpanAttributes => ({
  'messaging.system.name': 'nats',
  'messaging.operation.type': operation === 'publish' ? 'send' : 'process',
  'messaging.operation.name': operation,
  'messaging.destination.template': roomTemplate(owner),
  'switchboard.event': event,
});
