import { createPrivateKey, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { credentialsOf, publicKeyOf } from '../bus/credentials.ts';

// The values of the variables of NATS. No message shows one of them.

const isParsed = (parse: () => unknown): boolean => {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
};

const secret = (error: string, isValid: (text: string) => boolean) => z.string().refine(isValid, { error });

export const NatsToken = secret('must not be blank', (text) => text.trim() !== '');
export const NkeySeed = secret(
  "must be the seed of a user's nkey, which begins with SU",
  (text) => publicKeyOf(text) !== undefined,
);
export const NatsCredentials = secret(
  'must hold the JWT and the seed of one user, as nsc writes them',
  (text) => credentialsOf(text) !== undefined,
);

const CERTIFICATE = /-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs;
export const Certificates = secret('must hold certificates in PEM', (text) => {
  const certificates = text.match(CERTIFICATE) ?? [];
  return certificates.length > 0 && isParsed(() => certificates.map((pem) => new X509Certificate(pem)));
});
export const PrivateKey = secret('must be a private key in PEM, without a passphrase', (text) =>
  isParsed(() => createPrivateKey(text)),
);

/** Whether the key is that of the first certificate. True while one of them is not valid by itself. */
export const isPair = (certificate: string, key: string): boolean =>
  !Certificates.safeParse(certificate).success ||
  !PrivateKey.safeParse(key).success ||
  new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
