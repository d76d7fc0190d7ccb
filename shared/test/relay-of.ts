import { noRecorder, Spans } from '@switchboard/shared/telemetry';
import {
  durableEvent,
  integrationEvent,
  type DurableEventContract,
  type RoomOwner,
} from '@switchboard/shared/contracts';
import { ChatLog } from '@switchboard/shared/log';
import { createLogger, type Logger } from '@switchboard/shared/runtime';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { Relay } from '../src/amqp/relay.ts';

/** Source and target of a relay. */
export interface Place {
  readonly rabbitUrl: string;
  readonly databaseUrl: string;
  readonly exchange: string;
}

export interface Manner {
  readonly from?: 'beginning' | 'now';
  /** The owner of the log. */
  readonly owner?: RoomOwner;
  readonly logger?: Logger;
  /** The event kinds that this version knows. */
  readonly kinds?: readonly string[] | undefined;
  /** The `rev` whose state is rendered for an entry; its own by default. */
  readonly asOf?: ((rev: number) => number) | undefined;
}

export const relayOf = (
  { rabbitUrl, databaseUrl, exchange }: Place,
  database: DataSource,
  {
    from = 'beginning',
    owner = 'presence',
    logger = createLogger('test', 'silent'),
    kinds = ['said', 'seen'],
    asOf = (rev) => rev,
  }: Manner = {},
): Relay =>
  new Relay({
    url: rabbitUrl,
    exchange,
    from,
    owner,
    schema: 'presence',
    log: new ChatLog('presence'),
    database,
    databaseUrl,
    events: kinds.map((kind) => durable(owner, kind)),
    render: (rows) => Promise.resolve(rows.map(({ payload, rev }) => ({ data: payload, asOf: asOf(rev) }))),
    spans: new Spans(noRecorder),
    logger,
  });

const durable = (owner: RoomOwner, event: string): DurableEventContract => ({
  kind: 'roomEvent',
  owner,
  event,
  socketEvent: event,
  ...durableEvent({
    socket: false,
    description: event,
    payload: z.unknown(),
    example: {},
    to: 'everyone',
    author: () => undefined,
    integration: integrationEvent(`${owner}.${event}`, {
      version: 1,
      description: event,
      data: z.unknown(),
      example: {},
    }),
  }),
});
