import { createHmac, timingSafeEqual } from 'node:crypto';

/** Signs short texts: HMAC-SHA-256 under the secret, in base64url. */
export function createSigner(secret: string | Buffer) {
  const sign = (text: string): string => createHmac('sha256', secret).update(text).digest('base64url');
  return {
    sign,
    verifies: (text: string, signature: string): boolean => {
      const expected = Buffer.from(sign(text));
      const given = Buffer.from(signature);
      return expected.length === given.length && timingSafeEqual(expected, given);
    },
  };
}

export type Signer = ReturnType<typeof createSigner>;
