import { join } from 'node:path';
import { LaunchError } from './processes/command.ts';
import { readIfThere, writeWhole } from './files.ts';
import { hasStrings, isRecord, parseJson } from './json.ts';
import { natsUsers, postgresUsers, type NatsPasswords, type PostgresPasswords } from './topology/names.ts';
import { newNatsPasswords, newPostgresPasswords, newSecret } from './passwords.ts';

export interface Secrets {
  jwtSecret: string;
  fileUrlSecret: string;
  webhookKey: string;
  nats: NatsPasswords;
  postgres: PostgresPasswords;
}

const pathIn = (folder: string): string => join(folder, 'secrets.json');

/** Returns undefined for a folder in which nothing was ever started. */
export function readSecrets(folder: string): Secrets | undefined {
  const text = textIn(folder);
  if (text === undefined) return undefined;
  const value = parseJson(text);
  if (isRecord(value)) {
    const { nats, postgres, ...own } = withLaterSecrets(value);
    if (
      hasStrings(own, ['jwtSecret', 'fileUrlSecret', 'webhookKey']) &&
      hasStrings(nats, natsUsers) &&
      hasStrings(postgres, postgresUsers)
    ) {
      return {
        jwtSecret: own.jwtSecret,
        fileUrlSecret: own.fileUrlSecret,
        webhookKey: own.webhookKey,
        nats,
        postgres,
      };
    }
  }
  // Never replaced: the data of this folder is readable only with these secrets.
  throw new LaunchError(
    `DATA_DIR: ${pathIn(folder)} is damaged. Restore it, or set DATA_DIR to another folder.`,
  );
}

function textIn(folder: string): string | undefined {
  try {
    return readIfThere(pathIn(folder));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new LaunchError(`DATA_DIR: ${pathIn(folder)} cannot be read: ${why}`);
  }
}

export const newSecrets = (): Secrets => ({
  jwtSecret: newSecret(),
  fileUrlSecret: newSecret(),
  webhookKey: newSecret(),
  nats: newNatsPasswords(),
  postgres: newPostgresPasswords(),
});

/** Creates the secrets of this folder once, readable by its owner only. */
export function readOrMakeSecrets(folder: string): Secrets {
  const secrets = readSecrets(folder) ?? newSecrets();
  const text = `${JSON.stringify(secrets, null, 2)}\n`;
  if (text !== textIn(folder)) writeWhole(pathIn(folder), text);
  return secrets;
}

/** Adds the secrets of webhook-service to a folder that is older than it. Adds no other missing secret. */
function withLaterSecrets({ nats, postgres, ...own }: Record<string, unknown>): Record<string, unknown> {
  return {
    webhookKey: newSecret(),
    ...own,
    nats: isRecord(nats) ? { 'webhook-service': newSecret(), ...nats } : nats,
    postgres: isRecord(postgres)
      ? { webhook_migrator: newSecret(), webhook_service: newSecret(), ...postgres }
      : postgres,
  };
}
