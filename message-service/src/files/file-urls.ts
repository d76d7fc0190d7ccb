import type { FileSignature } from '@switchboard/shared/contracts';
import type { UrlOfFile } from '../domain/message.ts';
import { createSigner } from './signature.ts';

/** A `fileUrl` is good for at least this long, and the same for everyone within it, so that a browser may cache. */
const GOOD_FOR_S = 3600;

const nowS = (): number => Math.floor(Date.now() / 1000);

/** Makes the URLs that open in a browser without a header, and recognises them, and those made with the secret `also`. */
export function createFileUrls(publicUrl: string, secret: string, also = secret): { urlOf: UrlOfFile; isGood: (fileId: string, proof: FileSignature) => boolean } {
  const [signer, other] = [createSigner(secret), createSigner(also)];
  const textOf = (fileId: string, expires: string) => `file ${fileId} until ${expires}`;
  return {
    urlOf(fileId) {
      const expires = ((Math.floor(nowS() / GOOD_FOR_S) + 2) * GOOD_FOR_S).toString();
      return `${publicUrl}/api/v1/files/${fileId}?expires=${expires}&signature=${signer.sign(textOf(fileId, expires))}`;
    },
    isGood: (fileId, { expires, signature }) => Number(expires) > nowS() && [signer, other].some((one) => one.verifies(textOf(fileId, expires), signature)),
  };
}
