/** The NATS users. Each has a password variable in nats-server.conf. */
export const natsUsers = [
  'gateway',
  'chat-service',
  'message-service',
  'presence-service',
  'webhook-service',
] as const;
export type NatsUser = (typeof natsUsers)[number];
export type NatsPasswords = Record<NatsUser, string>;

/** The roles whose passwords infra/deploy/postgres/roles.sql needs. */
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

/** The programs of `npm start`, in the order of the banner. Each is also a NATS user. */
export const programNames = natsUsers;
export type ProgramName = NatsUser;

/** Each service's database: the variable with its URL, and its roles. The gateway has none. */
export const databases = {
  'chat-service': { variable: 'CHAT_DATABASE_URL', migrator: 'chat_migrator', service: 'chat_service' },
  'message-service': {
    variable: 'MESSAGE_DATABASE_URL',
    migrator: 'message_migrator',
    service: 'message_service',
  },
  'presence-service': {
    variable: 'PRESENCE_DATABASE_URL',
    migrator: 'presence_migrator',
    service: 'presence_service',
  },
  'webhook-service': {
    variable: 'WEBHOOK_DATABASE_URL',
    migrator: 'webhook_migrator',
    service: 'webhook_service',
  },
} as const;
export type ServiceName = keyof typeof databases;

export const isService = (name: ProgramName): name is ServiceName => name !== 'gateway';

/** The program's folder in the repository. */
export const folderOf = (name: ProgramName): string =>
  name === 'webhook-service' ? 'infra/webhook-service' : name;
