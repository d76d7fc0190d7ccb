/** Helpers for all tests. They start real servers: NATS in about 50 ms, a database in less. */
export { createDatabase, type TestDatabase } from './database.ts';
export { startNats, type TestNats } from './nats.ts';
export { connectRaw } from './raw-nats.ts';
export { schemaDrift } from './schema-drift.ts';
export { internalPort, Scrape, scrape } from './scrape.ts';
export { fuzzCursors, type CursorInputs } from './fuzz-cursors.ts';
export { silent } from './silent.ts';
export { mintToken, type TokenSubject } from '../../dev/jwt.ts';
export { choosePorts, freePort } from './ports.ts';
export { waitFor } from './wait-for.ts';
export {
  startSystem,
  WITHOUT_LIMITS,
  WITHOUT_WEBHOOKS,
  type SystemOptions,
  type TestSystem,
} from './system.ts';
export { type RunningProcess } from './running.ts';
export { failpointVariables, neverReached } from './failpoints.ts';
export { EventConsumer } from './event-consumer.ts';
export { canOpenRabbit, canStartRabbit } from './rabbit-program.ts';
export { openRabbit, startRabbit, type SharedRabbit, type TestRabbit } from './rabbitmq.ts';
export { startPreparedRabbit, type PreparedRabbit, type RabbitUser } from './prepared-rabbit.ts';
export { openDatabase, urlOf, withDatabase, type SystemDatabase } from './system-database.ts';
export { pgBouncerProgram, startPgBouncer, type TestPooler } from './pgbouncer.ts';
