/** What every test uses. Real servers only: NATS starts in some 50 ms, a database in less. */
export { createDatabase, type TestDatabase } from './database.ts';
export { startNats, type TestNats } from './nats.ts';
export { connectRaw } from './raw-nats.ts';
export { schemaDrift } from './schema-drift.ts';
export { silent } from './silent.ts';
export { mintToken, type TokenSubject } from '../local/jwt.ts';
export { choosePorts, freePort } from './ports.ts';
export { waitFor } from './wait-for.ts';
export { startSystem, WITHOUT_LIMITS, WITHOUT_WEBHOOKS, type SystemOptions, type TestSystem } from './system.ts';
export { type RunningProcess } from './running.ts';
export { EventConsumer } from './event-consumer.ts';
export { canOpenRabbit, canStartRabbit } from './rabbit-program.ts';
export { openRabbit, startRabbit, type SharedRabbit, type TestRabbit } from './rabbitmq.ts';
export { startPreparedRabbit, type PreparedRabbit, type RabbitUser } from './prepared-rabbit.ts';
