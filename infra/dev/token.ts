/** `npm run token -- --id 7 --role admin`: prints only the token to stdout, so that it can be piped. */
import { parseArgs } from 'node:util';
import { ConfigError } from '@switchboard/shared/runtime';
import { LaunchError } from './processes/command.ts';
import { mintToken } from './jwt.ts';
import { readSecrets } from './secrets.ts';
import { dataFolder, givenJwtSecret, withFiles } from './settings.ts';
import { requireOwnSigner } from './signing.ts';
import { parseSubject } from './token-options.ts';

try {
  const { values } = parseArgs({
    options: {
      id: { type: 'string' },
      role: { type: 'string' },
      email: { type: 'string' },
      'expires-in': { type: 'string' },
    },
  });
  const subject = parseSubject(values);
  const env = withFiles(process.env);
  const secret = givenJwtSecret(env) ?? secretIn(dataFolder(env));
  console.log(mintToken(secret, subject));
} catch (error) {
  const isMistake =
    error instanceof LaunchError || error instanceof ConfigError || error instanceof TypeError;
  if (!isMistake) throw error;
  console.error(
    `${error.message}\nusage: npm run token -- --id 7 --role client|admin|service [--email a@b.c] [--expires-in 30d]`,
  );
  process.exitCode = 1;
}

function secretIn(folder: string): string {
  const secrets = readSecrets(folder);
  if (secrets === undefined)
    throw new LaunchError(
      `There is no secret in ${folder} to sign the token. Run npm start once, set DATA_DIR to its folder, or set JWT_SECRET.`,
    );
  requireOwnSigner(folder);
  return secrets.jwtSecret;
}
