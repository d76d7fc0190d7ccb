import { join } from 'node:path';
import { LaunchError } from './command.ts';
import { readIfThere, writeWhole } from './files.ts';
import { hasStrings, isRecord, parseJson } from './json.ts';
import { natsUsers, postgresUsers, type NatsPasswords, type PostgresPasswords } from './names.ts';
import { newNatsPasswords, newPostgresPasswords, newSecret } from './passwords.ts';

export interface Secrets {
  jwtSecret: string;
  fileUrlSecret: string;
  webhookKey: string;
  nats: NatsPasswords;
  postgres: PostgresPasswords;
}

const pathIn = (folder: string): string => join(folder, 'secrets.json');

/** Undefined where nothing was ever started. */
export function readSecrets(folder: string): Secrets | undefined {
  const text = readIfThere(pathIn(folder));
  if (text === undefined) return undefined;
  const value = parseJson(text);
  if (isRecord(value)) {
    const { nats, postgres, ...own } = withLater(value);
    if (hasStrings(own, ['jwtSecret', 'fileUrlSecret', 'webhookKey']) && hasStrings(nats, natsUsers) && hasStrings(postgres, postgresUsers)) {
      return { jwtSecret: own.jwtSecret, fileUrlSecret: own.fileUrlSecret, webhookKey: own.webhookKey, nats, postgres };
    }
  }
  // Never replaced: the data of this folder can only be opened with what was written here.
  throw new LaunchError(`${pathIn(folder)} is not whole. Restore it, or choose another DATA_DIR.`);
}

/** Made once, for this folder only, readable by its owner only. */
export function readOrMakeSecrets(folder: string): Secrets {
  const secrets = readSecrets(folder) ?? {
    jwtSecret: newSecret(),
    fileUrlSecret: newSecret(),
    webhookKey: newSecret(),
    nats: newNatsPasswords(),
    postgres: newPostgresPasswords(),
  };
  const text = `${JSON.stringify(secrets, null, 2)}\n`;
  if (text !== readIfThere(pathIn(folder))) writeWhole(pathIn(folder), text);
  return secrets;
}

/** The folder may be older than webhook-service. Nothing else that is missing is made up for. */
function withLater({ nats, postgres, ...own }: Record<string, unknown>): Record<string, unknown> {
  return {
    webhookKey: newSecret(),
    ...own,
    nats: isRecord(nats) ? { 'webhook-service': newSecret(), ...nats } : nats,
    postgres: isRecord(postgres) ? { webhook_migrator: newSecret(), webhook_service: newSecret(), ...postgres } : postgres,
  };
}
