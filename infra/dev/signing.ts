import { join } from 'node:path';
import { readIfThere, writeWhole } from './files.ts';
import { isRecord, parseJson } from './json.ts';
import { LaunchError } from './processes/command.ts';

/** Who signs the tokens of a gateway: the key in secrets.json, JWT_SECRET or an identity provider. */
export type Signer = 'secrets.json' | 'JWT_SECRET' | 'JWT_JWKS_URL';

const pathIn = (folder: string): string => join(folder, 'signing.json');

export const signerOf = (env: NodeJS.ProcessEnv): Signer =>
  env['JWT_SECRET'] ? 'JWT_SECRET' : env['JWT_JWKS_URL'] ? 'JWT_JWKS_URL' : 'secrets.json';

/** Notes for `npm run token` who signs for the latest start. The key itself is not written. */
export const noteSigner = (folder: string, by: Signer): void => {
  writeWhole(pathIn(folder), `${JSON.stringify({ by })}\n`);
};

/** Throws a LaunchError when the latest start refuses tokens of the key in secrets.json. */
export function requireOwnSigner(folder: string): void {
  const value = parseJson(readIfThere(pathIn(folder)) ?? '');
  const by = isRecord(value) ? value['by'] : undefined;
  if (by === 'JWT_SECRET')
    throw new LaunchError(
      'npm start ran last with a JWT_SECRET of its environment. Set the same JWT_SECRET for this command.',
    );
  if (by === 'JWT_JWKS_URL')
    throw new LaunchError(
      'npm start ran last with JWT_JWKS_URL: its gateway accepts only the tokens of that identity provider.',
    );
}
