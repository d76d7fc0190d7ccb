import { join } from 'node:path';
import { LaunchError } from './command.ts';
import { readIfThere, writeWhole } from './files.ts';
import { hasStrings, isRecord, parseJson } from './json.ts';
import { natsUsers, postgresUsers, type NatsPasswords, type PostgresPasswords } from './names.ts';
import { newNatsPasswords, newPostgresPasswords, newSecret } from './passwords.ts';

export interface Secrets {
  jwtSecret: string;
  fileUrlSecret: string;
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
    const { nats, postgres, ...own } = value;
    if (hasStrings(own, ['jwtSecret', 'fileUrlSecret']) && hasStrings(nats, natsUsers) && hasStrings(postgres, postgresUsers)) {
      return { jwtSecret: own.jwtSecret, fileUrlSecret: own.fileUrlSecret, nats, postgres };
    }
  }
  // Never replaced: the data of this folder can only be opened with what was written here.
  throw new LaunchError(`${pathIn(folder)} is not whole. Restore it, or choose another DATA_DIR.`);
}

/** Made once, for this folder only, readable by its owner only. */
export function readOrMakeSecrets(folder: string): Secrets {
  const existing = readSecrets(folder);
  if (existing !== undefined) return existing;
  const made: Secrets = {
    jwtSecret: newSecret(),
    fileUrlSecret: newSecret(),
    nats: newNatsPasswords(),
    postgres: newPostgresPasswords(),
  };
  writeWhole(pathIn(folder), `${JSON.stringify(made, null, 2)}\n`);
  return made;
}
