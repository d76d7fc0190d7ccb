import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Failure } from '@switchboard/shared/errors';
import { decodeAnswers, decodeRoomEvent, encodeFailure, encodeReply, encodeRoomEvent } from '../src/bus/envelope.ts';
import { Json } from '../src/bus/json.ts';

describe('a room event on the wire', () => {
  it('comes out as it went in, whatever its payload says', () => {
    fc.assert(fc.property(
      fc.record({ event: fc.string(), rev: fc.nat(), author: fc.integer() }, { requiredKeys: ['event'] }), fc.jsonValue(),
      (meta, payload) => {
        const frame = { meta: meta, payload: JSON.stringify(payload) };
        expect(decodeRoomEvent(encodeRoomEvent(frame))).toEqual(frame);
      },
    ));
  });

  it('is one line of meta and the payload behind it', () => {
    expect(encodeRoomEvent({ meta: { event: 'newMessage', rev: 3, author: 7 }, payload: '{"text":"a\\nb"}' }))
      .toBe('{"event":"newMessage","rev":3,"author":7}\n{"text":"a\\nb"}');
  });

  it.each([['nothing', ''], ['no payload', '{"event":"x"}'], ['no event', '{"author":7}\n{}'], ['a bent number', '{"event":"x","rev":-1}\n{}'], ['no JSON', 'x\n{}']])('is refused with %s', (_, frame) => {
    expect(() => decodeRoomEvent(frame)).toThrow();
  });
});

describe('an answer on the wire', () => {
  const failure = new Failure('CHAT_CLOSED', { a: 1 });

  it('is a line that says whose, and the reply as its owner wrote it', () => {
    expect(encodeReply(1, { text: 'a\nb' })).toBe('{"id":1}\n{"text":"a\\nb"}');
    expect(decodeAnswers(encodeReply(1, { text: 'a\nb' }))).toEqual([{ id: 1, reply: new Json('{"text":"a\\nb"}') }]);
  });

  it('or a failure, and an unknown code reads as INTERNAL', () => {
    expect(decodeAnswers(encodeFailure(1, failure))).toEqual([{ id: 1, failure: { code: 'CHAT_CLOSED', details: { a: 1 } } }]);
    expect(decodeAnswers('{"id":1,"failure":{"code":"FROM_THE_FUTURE"}}\nnull')).toEqual([{ id: 1, failure: { code: 'INTERNAL' } }]);
  });

  it('comes out as it went in, among others', () => {
    fc.assert(fc.property(fc.array(fc.jsonValue()), (replies) => {
      const text = [encodeFailure(7, failure), ...replies.map((reply, id) => encodeReply(id, reply))].join('\n');
      expect(decodeAnswers(text).flatMap((answer) => ('reply' in answer ? [answer.reply.toJSON()] : []))).toEqual(replies.map((reply) => JSON.parse(JSON.stringify(reply)) as unknown));
    }));
  });

  it.each([['no JSON', 'x\n1'], ['no id', '{}\n1'], ['a strange id', '{"id":"1"}\n1'], ['no reply', '{"id":1}'], ['nothing', '']])('is left out with %s', (_, text) => {
    expect(decodeAnswers(text)).toEqual([]);
  });
});
