import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeRoomEvent, encodeRoomEvent, ReplyEnvelope } from '../src/bus/envelope.ts';

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
  it('is a reply or a failure, and an unknown code reads as INTERNAL', () => {
    expect(ReplyEnvelope.parse({ id: 1, reply: { a: 1 } })).toEqual({ id: 1, reply: { a: 1 } });
    expect(ReplyEnvelope.parse({ id: 1, failure: { code: 'CHAT_CLOSED', details: { a: 1 } } })).toEqual({ id: 1, failure: { code: 'CHAT_CLOSED', details: { a: 1 } } });
    expect(ReplyEnvelope.parse({ id: 1, failure: { code: 'FROM_THE_FUTURE' } })).toEqual({ id: 1, failure: { code: 'INTERNAL' } });
  });
});
