import { describe, expect, it } from '@jest/globals';
import { Json } from '@switchboard/shared/bus';
import fc from 'fast-check';
import { Encoder as PlainEncoder, PacketType, type Packet } from 'socket.io-parser';
import { Encoder } from '../src/connection/encoder.ts';

const encoder = new Encoder();
const plain = new PlainEncoder();
const written = (value: unknown): Json => new Json(JSON.stringify(value));

describe('JSON from an owner', () => {
  it('encodes to the same text as its parsed value: events and acknowledgements, with and without an id', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.string(),
        fc.option(fc.nat(), { nil: undefined }),
        (value, event, id) => {
          for (const [type, before] of [
            [PacketType.EVENT, [event]],
            [PacketType.ACK, []],
          ] as const) {
            const packet = { type, nsp: '/', id } as Packet;
            expect(encoder.encode({ ...packet, data: [...before, written(value)] })).toEqual(
              plain.encode({ ...packet, data: [...before, value] }),
            );
          }
        },
      ),
    );
  });

  it('is encoded inside a larger value', () => {
    const packet: Packet = { type: PacketType.EVENT, nsp: '/', data: ['x', { a: written({ b: 1 }) }] };
    expect(encoder.encode(packet)).toEqual(['2["x",{"a":{"b":1}}]']);
  });

  it('is encoded by Socket.IO in another namespace', () => {
    const packet: Packet = { type: PacketType.EVENT, nsp: '/other', data: ['x', written({ b: 1 })] };
    expect(encoder.encode(packet)).toEqual(['2/other,["x",{"b":1}]']);
  });
});

it('encodes every other packet as Socket.IO does', () => {
  for (const packet of [
    { type: PacketType.CONNECT, nsp: '/', data: { sid: 'x' } },
    { type: PacketType.DISCONNECT, nsp: '/' },
    { type: PacketType.EVENT, nsp: '/', data: ['x', { a: 1 }] },
    { type: PacketType.ACK, nsp: '/', id: 3, data: [] },
    { type: PacketType.EVENT, nsp: '/', data: ['x', Buffer.from('bytes')] },
  ] satisfies Packet[])
    expect(encoder.encode(packet)).toEqual(plain.encode(packet));
});
