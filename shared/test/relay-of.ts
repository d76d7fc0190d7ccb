import { noRecorder, Spans } from '@switchboard/shared/bus';
import { integrationEvent, roomEvent } from '@switchboard/shared/contracts';
import { ChatLog } from '@switchboard/shared/log';
import { createLogger } from '@switchboard/shared/runtime';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { Relay } from '../src/amqp/relay.ts';

/** Between where and where something is relayed. */
export interface Place {
  readonly rabbitUrl: string;
  readonly databaseUrl: string;
  readonly exchange: string;
}

export const relayOf = ({ rabbitUrl, databaseUrl, exchange }: Place, database: DataSource, from: 'beginning' | 'now' = 'beginning'): Relay => new Relay({
  url: rabbitUrl, exchange, from, owner: 'presence', schema: 'presence', log: new ChatLog('presence'), database, databaseUrl,
  events: [durable('said'), durable('seen')], render: (rows) => Promise.resolve(rows.map(({ payload }) => payload)), spans: new Spans(noRecorder), logger: createLogger('test', 'silent'),
});

const durable = (event: string) => roomEvent('presence', {
  event, socket: false, durable: true, description: event, payload: z.unknown(), example: {}, to: 'everyone', author: () => undefined,
  integration: integrationEvent(`presence.${event}`, { version: 1, description: event, data: z.unknown(), example: {} }),
});
