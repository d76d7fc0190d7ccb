import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Failure } from '@switchboard/shared/errors';
import {
  decodeReplies,
  decodeRoomEvent,
  encodeFailure,
  encodeReply,
  encodeRoomEvent,
} from '../src/bus/envelope.ts';
import { Json } from '../src/bus/json.ts';

describe('a room event on the wire', () => {
  it('survives the round trip with any payload', () => {
    fc.assert(
      fc.property(
        fc.record({ event: fc.string(), rev: fc.nat(), author: fc.integer() }, { requiredKeys: ['event'] }),
        fc.jsonValue(),
        (meta, payload) => {
          const frame = { meta: meta, payload: JSON.stringify(payload) };
          expect(decodeRoomEvent(encodeRoomEvent(frame))).toEqual(frame);
        },
      ),
    );
  });

  it('is one line of meta and one of payload', () => {
    expect(
      encodeRoomEvent({ meta: { event: 'newMessage', rev: 3, author: 7 }, payload: '{"text":"a\\nb"}' }),
    ).toBe('{"event":"newMessage","rev":3,"author":7}\n{"text":"a\\nb"}');
  });

  it.each([
    ['nothing', ''],
    ['no payload', '{"event":"x"}'],
    ['no event', '{"author":7}\n{}'],
    ['a bent number', '{"event":"x","rev":-1}\n{}'],
    ['no JSON', 'x\n{}'],
  ])('is rejected with %s', (_, frame) => {
    expect(() => decodeRoomEvent(frame)).toThrow();
  });
});

describe('a reply on the wire', () => {
  const failure = new Failure('CHAT_CLOSED', { a: 1 });

  it('is a line with the id, and the reply as its owner wrote it', () => {
    expect(encodeReply(1, { text: 'a\nb' })).toBe('{"id":1}\n{"text":"a\\nb"}');
    expect(decodeReplies(encodeReply(1, { text: 'a\nb' }))).toEqual([
      { id: 1, reply: new Json('{"text":"a\\nb"}') },
    ]);
  });

  it('is a failure with its code; an unknown code reads as INTERNAL', () => {
    expect(decodeReplies(encodeFailure(1, failure))).toEqual([
      { id: 1, failure: { code: 'CHAT_CLOSED', details: { a: 1 } } },
    ]);
    expect(decodeReplies('{"id":1,"failure":{"code":"FROM_THE_FUTURE"}}\nnull')).toEqual([
      { id: 1, failure: { code: 'INTERNAL' } },
    ]);
  });

  it('survives the round trip among others', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (replies) => {
        const text = [encodeFailure(7, failure), ...replies.map((reply, id) => encodeReply(id, reply))].join(
          '\n',
        );
        expect(
          decodeReplies(text).flatMap((answer) => ('reply' in answer ? [answer.reply.toJSON()] : [])),
        ).toEqual(replies.map((reply) => JSON.parse(JSON.stringify(reply)) as unknown));
      }),
    );
  });

  it.each([
    ['no JSON', 'x\n1'],
    ['no id', '{}\n1'],
    ['a strange id', '{"id":"1"}\n1'],
    ['no reply', '{"id":1}'],
    ['nothing', ''],
  ])('is skipped with %s', (_, text) => {
    expect(decodeReplies(text)).toEqual([]);
  });
});
