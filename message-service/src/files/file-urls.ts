import { isNarrowedFrom, readHolder } from '@switchboard/shared/file-holder';
import { createSigner } from '@switchboard/shared/signer';
import type { HolderOfFileUrl, UrlOfFile } from '../domain/message.ts';

/** A `fileUrl` is valid for at least this long, and the same meanwhile so that browsers cache it. */
const MIN_VALID_S = 3600;

const nowS = (): number => Math.floor(Date.now() / 1000);

/**
 * Signed URLs that open in a browser without an Authorization header. The gateway narrows each to the user to
 * whom it delivers it (ADR 33). `holderOf` also accepts those signed with the secret `also`.
 */
export function createFileUrls(
  publicUrl: string,
  secret: string,
  also = secret,
): { urlOf: UrlOfFile; holderOf: HolderOfFileUrl } {
  const signers = [createSigner(secret), createSigner(also)] as const;
  const textOf = (fileId: string, expires: string) => `file ${fileId} until ${expires}`;

  const holderOf: HolderOfFileUrl = (fileId, { expires, signature }) => {
    if (Number(expires) <= nowS()) return undefined;
    const text = textOf(fileId, expires);
    const holder = readHolder(signature);
    if (holder === undefined)
      return signers.some(({ verifies }) => verifies(text, signature)) ? 'anyone' : undefined;
    const isNarrowed = signers.some(({ sign }) => isNarrowedFrom(sign(text), signature, holder));
    return isNarrowed ? { id: holder.userId, role: holder.role } : undefined;
  };

  return {
    urlOf(fileId) {
      const expires = ((Math.floor(nowS() / MIN_VALID_S) + 2) * MIN_VALID_S).toString();
      return `${publicUrl}/api/v1/files/${fileId}?expires=${expires}&signature=${signers[0].sign(textOf(fileId, expires))}`;
    },
    holderOf,
  };
}
