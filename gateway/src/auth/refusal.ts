import { Failure } from '@switchboard/shared/errors';
import type { Logger } from '@switchboard/shared/runtime';
import { errors as joseErrors } from 'jose';
import type { Verify } from './claims.ts';

/** UNAUTHORIZED, because of one check: `exp`, `signature` … Clients do not see which. */
export const refused = (check: string): Failure => new Failure('UNAUTHORIZED', undefined, { cause: check });

/** `verify`, which also logs the check that failed, and never the token. */
export const explained =
  (verify: Verify, logger: Pick<Logger, 'debug'>): Verify =>
  async (token) => {
    try {
      return await verify(token);
    } catch (error) {
      if (error instanceof Failure)
        logger.debug({ code: error.code, check: checkOf(error.cause) }, 'auth: refused a token');
      throw error;
    }
  };

const checkOf = (cause: unknown): string => (typeof cause === 'string' ? cause : 'keys of the provider');

/** The starts of jsonwebtoken's messages. Others are about the form; they may repeat parts of the token. */
const BY_MESSAGE: readonly (readonly [string, string])[] = [
  ['jwt expired', 'exp'],
  ['invalid exp', 'exp'],
  ['jwt not active', 'nbf'],
  ['invalid nbf', 'nbf'],
  ['jwt audience', 'aud'],
  ['jwt issuer', 'iss'],
  ['invalid algorithm', 'alg'],
  ['invalid signature', 'signature'],
  ['jwt signature', 'signature'],
];

/** The check that failed in jsonwebtoken. */
export const checkOfMessage = (error: unknown): string =>
  BY_MESSAGE.find(([start]) => error instanceof Error && error.message.startsWith(start))?.[1] ?? 'form';

/** The check that failed in jose. */
export function checkOfJose(error: unknown): string {
  if (error instanceof joseErrors.JWTExpired) return 'exp';
  if (error instanceof joseErrors.JWTClaimValidationFailed) return error.claim;
  if (error instanceof joseErrors.JWSSignatureVerificationFailed) return 'signature';
  if (error instanceof joseErrors.JOSEAlgNotAllowed) return 'alg';
  if (error instanceof joseErrors.JWKSNoMatchingKey) return 'kid';
  if (error instanceof joseErrors.JWKSMultipleMatchingKeys) return 'kid';
  return error instanceof joseErrors.JOSENotSupported ? 'crit or alg' : 'form';
}
