// Written for socket.io-parser 4.2. Relies on:
// - the text of a packet in protocol 5: its type, its id where it has one, and its data as JSON;
// - the names in a packet (`type`, `nsp`, `id`, `data`), and `encode`, which a custom parser may override.
//   https://socket.io/docs/v4/custom-parser/

import { PacketType, type Packet } from 'socket.io-parser';

/** Whether a packet is an event or an acknowledgement of the default namespace. */
export const carriesData = ({ type, nsp }: Packet): boolean =>
  (type === PacketType.EVENT || type === PacketType.ACK) && nsp === '/';

/** The text of such a packet. `data`: the JSON of each element. */
export const textOf = ({ type, id }: Packet, data: readonly string[]): string =>
  `${type}${id ?? ''}[${data.join(',')}]`;
