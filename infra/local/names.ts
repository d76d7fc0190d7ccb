/** Who has a NATS user, and which variable of nats-server.conf holds its password. */
export const natsUsers = ['gateway', 'chat-service', 'message-service', 'presence-service'] as const;
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
] as const;
export type PostgresRole = (typeof postgresRoles)[number];
export const postgresUsers = ['postgres', ...postgresRoles] as const;
export type PostgresUser = (typeof postgresUsers)[number];
export type PostgresPasswords = Record<PostgresUser, string>;
