import { edgeRequests, requestContracts, type EdgeRequestContract, type RequestContract, type SocketBinding } from '@switchboard/shared/contracts';

/** What clients may emit, and whose contract it is. */
export interface Offer {
  readonly contract: RequestContract | EdgeRequestContract;
  readonly binding: SocketBinding<unknown>;
}

/** Exactly what the registry says. */
export const offers: ReadonlyMap<string, Offer> = new Map(
  [...requestContracts, ...edgeRequests].flatMap((contract) => (contract.socket === undefined ? [] : [[contract.socket.event, { contract, binding: contract.socket }]])),
);
