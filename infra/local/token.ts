/** `npm run token -- --id 7 --role admin`: a token on stdout, and nothing else, so that it can be piped. */
import { parseArgs } from 'node:util';
import { LaunchError } from './command.ts';
import { mintToken } from './jwt.ts';
import { readSecrets } from './secrets.ts';
import { dataFolder, givenJwtSecret } from './settings.ts';
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
  const secret = givenJwtSecret() ?? readSecrets(dataFolder())?.jwtSecret;
  if (secret === undefined) throw new LaunchError('There is no secret to sign with: run npm start first, or set JWT_SECRET.');
  console.log(mintToken(secret, subject));
} catch (error) {
  if (!(error instanceof LaunchError || error instanceof TypeError)) throw error;
  console.error(`${error.message}\nusage: npm run token -- --id 7 --role client|admin|service [--email a@b.c] [--expires-in 30d]`);
  process.exitCode = 1;
}
