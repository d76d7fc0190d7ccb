import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../../', import.meta.url));
export const natsConf = fileURLToPath(new URL('../../deploy/nats/nats-server.conf', import.meta.url));
export const rolesSql = fileURLToPath(new URL('../../deploy/postgres/roles.sql', import.meta.url));
export const schemasSql = fileURLToPath(new URL('../../deploy/postgres/schemas.sql', import.meta.url));
export const reaperProgram = fileURLToPath(new URL('../processes/reaper.ts', import.meta.url));
export const tracesProgram = fileURLToPath(new URL('../traces/main.ts', import.meta.url));
export const startProgram = fileURLToPath(new URL('../start.ts', import.meta.url));
