import * as contracts from '@switchboard/shared/contracts';
import * as envelope from '@switchboard/shared/envelope';
import { Failure } from '@switchboard/shared/errors';
import { cloudEventExample } from './examples.ts';

/** What one version writes on the wire, by kind and name. */
export type Corpus = Readonly<Record<string, string>>;

/** One version of the code that reads it. */
export interface Version {
  readonly contracts: typeof contracts;
  readonly envelope: typeof envelope;
}

export const current: Version = { contracts, envelope };

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const CALLER = {
  id: 7,
  actor: { id: 42, email: 'client@example.com', role: 'client' },
  socket: { id: 'x7Gq', gatewayId: '0198c0de-0003-4000-8000-000000000004' },
  ttlMs: 1_500,
  traceparent: TRACEPARENT,
  origin: 'a',
};

/**
 * The examples of requests, replies, room events, signals and integration events, as this version writes
 * them.
 */
export function corpus(): Corpus {
  const integration: readonly contracts.IntegrationEvent[] = Object.values(contracts.integrationEvents);
  const written: [name: string, wire: string][] = [
    ...contracts.requestContracts.flatMap(({ subject, example }): [string, string][] => [
      [`request ${subject}`, JSON.stringify([{ ...CALLER, payload: example.payload }])],
      [`reply ${subject}`, envelope.encodeReply(7, example.reply)],
    ]),
    [
      'failure',
      envelope.encodeFailure(
        7,
        new Failure('VALIDATION', { issues: [{ path: 'message.text', problem: 'must not be blank' }] }),
      ),
    ],
    ...contracts.roomEvents.map(({ event, example, durable }): [string, string] => [
      `room ${event}`,
      envelope.encodeRoomEvent({
        meta: { event, rev: durable ? 12 : undefined, author: 42, origin: 'a' },
        payload: JSON.stringify(example),
      }),
    ]),
    ...[contracts.chatHeads, contracts.messageHeads].map(({ subject, example }): [string, string] => [
      `signal ${subject}`,
      JSON.stringify(example),
    ]),
    ...integration.map((event): [string, string] => [
      `event ${event.routingKey}`,
      JSON.stringify(cloudEventExample(event)),
    ]),
  ];
  return Object.fromEntries(written);
}

/**
 * Reads an entry of any version's corpus. Returns undefined for an unknown name; throws for a refused value.
 */
export function read({ contracts, envelope }: Version, name: string, wire: string): unknown {
  const [kind, what] = name.split(' ');
  const request = contracts.requestContracts.find(({ subject }) => subject === what);
  if (kind === 'request' && request !== undefined) {
    const { payload, ...caller } = envelope.RequestEnvelope.parse(
      envelope.RequestBatch.parse(envelope.readJson(wire))[0],
    );
    return { ...caller, payload: request.payload.parse(payload) };
  }
  if (kind === 'reply' && request !== undefined)
    return envelope.decodeAnswers(wire).map((answer) => ({
      id: answer.id,
      reply: 'reply' in answer ? request.reply.parse(answer.reply.toJSON()) : answer,
    }))[0];
  if (kind === 'failure') return envelope.decodeAnswers(wire)[0];
  const room = contracts.roomEvents.find(({ event }) => event === what);
  if (kind === 'room' && room !== undefined) {
    const { meta, payload } = envelope.decodeRoomEvent(wire);
    return { meta, payload: room.payload.parse(envelope.readJson(payload)) };
  }
  const signal = [contracts.chatHeads, contracts.messageHeads].find(({ subject }) => subject === what);
  if (kind === 'signal' && signal !== undefined) return signal.payload.parse(envelope.readJson(wire));
  const event = Object.values<contracts.IntegrationEvent>(contracts.integrationEvents).find(
    ({ routingKey }) => routingKey === what,
  );
  return kind === 'event' && event !== undefined
    ? contracts.cloudEventOf(event).parse(envelope.readJson(wire))
    : undefined;
}
