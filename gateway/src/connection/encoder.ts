import { Json, jsonOf } from '@switchboard/shared/bus';
import { Encoder as AnyEncoder, type Packet } from 'socket.io-parser';
import { carriesData, textOf } from './internals/socket.io-parser.ts';

/**
 * Socket.IO's encoder, which passes on the JSON of replies and room events as the owner wrote it, without
 * parsing it. https://socket.io/docs/v4/custom-parser/
 */
export class Encoder extends AnyEncoder {
  override encode(packet: Packet): unknown[] {
    const data: unknown = packet.data;
    const isWritten = carriesData(packet) && Array.isArray(data) && data.at(-1) instanceof Json;
    return isWritten ? [textOf(packet, data.map(jsonOf))] : super.encode(packet);
  }
}
