import {
  edgeRequests,
  requestContracts,
  type EdgeRequestContract,
  type RequestContract,
  type SocketBinding,
} from '@switchboard/shared/contracts';

/** An event that clients may emit, and its contract. */
export interface Offer {
  readonly contract: RequestContract | EdgeRequestContract;
  readonly binding: SocketBinding<unknown>;
}

/** By event name: every contract that names a Socket.IO event. */
export const offers: ReadonlyMap<string, Offer> = new Map(
  [...requestContracts, ...edgeRequests].flatMap((contract) =>
    contract.socket === undefined ? [] : [[contract.socket.event, { contract, binding: contract.socket }]],
  ),
);
