import { noRecorder, Spans } from '@switchboard/shared/bus';
import { integrationEvent, roomEvent, type RoomOwner } from '@switchboard/shared/contracts';
import { ChatLog } from '@switchboard/shared/log';
import { createLogger, type Logger } from '@switchboard/shared/runtime';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { Relay } from '../src/amqp/relay.ts';

/** Between where and where something is relayed. */
export interface Place {
  readonly rabbitUrl: string;
  readonly databaseUrl: string;
  readonly exchange: string;
}

export interface Manner {
  readonly from?: 'beginning' | 'now';
  /** Of whom the events tell. */
  readonly owner?: RoomOwner;
  readonly logger?: Logger;
}

export const relayOf = ({ rabbitUrl, databaseUrl, exchange }: Place, database: DataSource, { from = 'beginning', owner = 'presence', logger = createLogger('test', 'silent') }: Manner = {}): Relay => new Relay({
  url: rabbitUrl, exchange, from, owner, schema: 'presence', log: new ChatLog('presence'), database, databaseUrl,
  events: [durable(owner, 'said'), durable(owner, 'seen')], render: (rows) => Promise.resolve(rows.map(({ payload }) => payload)), spans: new Spans(noRecorder), logger,
});

const durable = (owner: RoomOwner, event: string) => roomEvent(owner, {
  event, socket: false, durable: true, description: event, payload: z.unknown(), example: {}, to: 'everyone', author: () => undefined,
  integration: integrationEvent(`${owner}.${event}`, { version: 1, description: event, data: z.unknown(), example: {} }),
});
