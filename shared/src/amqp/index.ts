export { endConnection, openConnection } from './connection.ts';
export { ensureExchange } from './ensure-exchange.ts';
export { keepConnected } from './keep-connected.ts';
export { relayEntities } from './relay-entities.ts';
export { startRelay } from './start-relay.ts';
