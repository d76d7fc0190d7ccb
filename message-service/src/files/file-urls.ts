import type { FileSignature } from '@switchboard/shared/contracts';
import type { UrlOfFile } from '../domain/message.ts';
import { createSigner } from './signature.ts';

/** A `fileUrl` is good for at least this long, and the same for everyone within it, so that a browser may cache. */
const GOOD_FOR_S = 3600;

const nowS = (): number => Math.floor(Date.now() / 1000);

/** Makes the URLs that open in a browser without a header, and recognises them. */
export function createFileUrls(publicUrl: string, secret: string): { urlOf: UrlOfFile; isGood: (fileId: string, proof: FileSignature) => boolean } {
  const signer = createSigner(secret);
  const textOf = (fileId: string, expires: string) => `file ${fileId} until ${expires}`;
  return {
    urlOf(fileId) {
      const expires = ((Math.floor(nowS() / GOOD_FOR_S) + 2) * GOOD_FOR_S).toString();
      return `${publicUrl}/api/v1/files/${fileId}?expires=${expires}&signature=${signer.sign(textOf(fileId, expires))}`;
    },
    isGood: (fileId, { expires, signature }) => Number(expires) > nowS() && signer.verifies(textOf(fileId, expires), signature),
  };
}
