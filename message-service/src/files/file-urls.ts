import type { FileSignature } from '@switchboard/shared/contracts';
import type { UrlOfFile } from '../domain/message.ts';
import { createSigner } from './signature.ts';

/**
 * A `fileUrl` is valid for at least this long, and the same for all users meanwhile so that browsers cache
 * it.
 */
const MIN_VALID_S = 3600;

const nowS = (): number => Math.floor(Date.now() / 1000);

/**
 * Signed URLs that open in a browser without an Authorization header. `isGood` also accepts those signed with
 * the secret `also`.
 */
export function createFileUrls(
  publicUrl: string,
  secret: string,
  also = secret,
): { urlOf: UrlOfFile; isGood: (fileId: string, proof: FileSignature) => boolean } {
  const [signer, alsoAccepted] = [createSigner(secret), createSigner(also)];
  const textOf = (fileId: string, expires: string) => `file ${fileId} until ${expires}`;
  return {
    urlOf(fileId) {
      const expires = ((Math.floor(nowS() / MIN_VALID_S) + 2) * MIN_VALID_S).toString();
      return `${publicUrl}/api/v1/files/${fileId}?expires=${expires}&signature=${signer.sign(textOf(fileId, expires))}`;
    },
    isGood: (fileId, { expires, signature }) =>
      Number(expires) > nowS() &&
      [signer, alsoAccepted].some(({ verifies }) => verifies(textOf(fileId, expires), signature)),
  };
}
