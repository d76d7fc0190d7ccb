export { relayConfig } from './config.ts';
export { relayEntities } from './relay-entities.ts';
export { startRelay } from './start-relay.ts';
