import {
  jwtAuthenticator,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
  type Authenticator,
} from '@nats-io/transport-node';
import type { Logger } from 'pino';
import { readSecretFile } from '../secret-file.ts';
import { serversOf, type NatsAccess, type Secret } from './access.ts';
import { credentialsOf, publicKeyOf } from './credentials.ts';

/** How a process proves to NATS who it is. */
export interface Login {
  readonly authenticator: Authenticator;
  /** For logs: the kind, and the user or public key. Names no secret. */
  readonly describe: () => string;
}

const bytes = (text: string): Uint8Array => Buffer.from(text);

/** Undefined: by nothing, or by the certificate of mutual TLS. */
export function loginOf(access: NatsAccess, logger: Logger): Login | undefined {
  const { token, nkeySeed, creds } = access;
  if (token) return fresh(token, tokenAuthenticator, () => 'token', logger);
  if (nkeySeed) return fresh(nkeySeed, ofSeed, (seed) => `nkey ${String(publicKeyOf(seed))}`, logger);
  if (creds) return fresh(creds, ofCredentials, describeCredentials, logger);
  const [server] = serversOf(access);
  if (!server?.username) return undefined;
  const user = decodeURIComponent(server.username);
  const authenticator = usernamePasswordAuthenticator(user, decodeURIComponent(server.password));
  return { authenticator, describe: () => `user ${user}` };
}

const ofSeed = (seed: string): Authenticator => nkeyAuthenticator(bytes(seed.trim()));

function ofCredentials(text: string): Authenticator {
  const credentials = credentialsOf(text);
  if (credentials === undefined) throw new Error('the credentials hold no JWT and seed of one user');
  return jwtAuthenticator(credentials.jwt, bytes(credentials.seed));
}

function describeCredentials(text: string): string {
  const { user = '', endsAt } = credentialsOf(text) ?? {};
  const hasEnded = endsAt !== undefined && endsAt * 1_000 < Date.now();
  return `credentials of ${user}${hasEnded ? `, which ended ${new Date(endsAt * 1_000).toISOString()}` : ''}`;
}

/**
 * Reads the secret again for each connection. A file that cannot be used leaves the last secret: the library
 * closes a connection for good when its authenticator throws.
 */
function fresh(
  { text, file }: Secret,
  authenticatorOf: (text: string) => Authenticator,
  describe: (text: string) => string,
  logger: Logger,
): Login {
  let last = text;
  const authenticator: Authenticator = (nonce) => {
    if (file === undefined) return authenticatorOf(last)(nonce);
    try {
      const now = readSecretFile(file);
      const auth = authenticatorOf(now)(nonce);
      last = now;
      return auth;
    } catch (error) {
      logger.error({ err: error, file }, 'bus: reading the NATS credential failed');
      return authenticatorOf(last)(nonce);
    }
  };
  return { authenticator, describe: () => describe(last) };
}
