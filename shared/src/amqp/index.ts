export { AmqpUrl, ExchangeName, relayConfig } from './config.ts';
export { endConnection, openConnection } from './connection.ts';
export { relayEntities } from './relay-entities.ts';
export { startRelay } from './start-relay.ts';
