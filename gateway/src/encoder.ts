import { Json, jsonOf } from '@switchboard/shared/bus';
import { Encoder as AnyEncoder, PacketType, type Packet } from 'socket.io-parser';

/**
 * Socket.IO's encoder, which also writes what an owner has written already: answers and room events are not read and written again.
 * https://socket.io/docs/v4/custom-parser/
 */
export class Encoder extends AnyEncoder {
  override encode(packet: Packet): unknown[] {
    const { type, id, nsp } = packet;
    const data: unknown = packet.data;
    const isWritten = (type === PacketType.EVENT || type === PacketType.ACK) && nsp === '/' && Array.isArray(data) && data.at(-1) instanceof Json;
    return isWritten ? [`${type}${id ?? ''}[${data.map(jsonOf).join(',')}]`] : super.encode(packet);
  }
}
