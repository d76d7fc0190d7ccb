/** Who has a NATS user, and which variable of nats-server.conf holds its password. */
export const natsUsers = ['gateway', 'chat-service', 'message-service', 'presence-service', 'webhook-service'] as const;
export type NatsUser = (typeof natsUsers)[number];
export type NatsPasswords = Record<NatsUser, string>;

/** Whose passwords infra/postgres/roles.sql asks for. */
export const postgresRoles = [
  'chat_migrator',
  'chat_service',
  'message_migrator',
  'message_service',
  'presence_migrator',
  'presence_service',
  'webhook_migrator',
  'webhook_service',
] as const;
export type PostgresRole = (typeof postgresRoles)[number];
export const postgresUsers = ['postgres', ...postgresRoles] as const;
export type PostgresUser = (typeof postgresUsers)[number];
export type PostgresPasswords = Record<PostgresUser, string>;

/** What `npm start` runs, in the order of the banner. Each is also a NATS user. */
export const programNames = natsUsers;
export type ProgramName = NatsUser;

/** A service's own database, by the variable that holds its URL; the gateway has none. */
export const databases = {
  'chat-service': { variable: 'CHAT_DATABASE_URL', migrator: 'chat_migrator', service: 'chat_service' },
  'message-service': { variable: 'MESSAGE_DATABASE_URL', migrator: 'message_migrator', service: 'message_service' },
  'presence-service': { variable: 'PRESENCE_DATABASE_URL', migrator: 'presence_migrator', service: 'presence_service' },
  'webhook-service': { variable: 'WEBHOOK_DATABASE_URL', migrator: 'webhook_migrator', service: 'webhook_service' },
} as const;
export type ServiceName = keyof typeof databases;

export const isService = (name: ProgramName): name is ServiceName => name !== 'gateway';

/** Where it lies in the repository. */
export const folderOf = (name: ProgramName): string => (name === 'webhook-service' ? 'infra/webhooks' : name);
