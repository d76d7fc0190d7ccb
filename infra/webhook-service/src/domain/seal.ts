import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts the secrets of webhooks, all with one key. */
export class Seal {
  readonly #key: Buffer;
  readonly #also: Buffer | undefined;

  /** Passphrases have at least 32 bytes. `also` only decrypts: nothing is encrypted with it. */
  constructor(passphrase: string, also?: string) {
    this.#key = keyOf(passphrase);
    this.#also = also === undefined ? undefined : keyOf(also);
  }

  /** Binds the text to its `owner`: a secret that was moved to another row does not decrypt. */
  encrypt(text: string, owner: string): Buffer {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.#key, iv).setAAD(Buffer.from(owner));
    const encrypted = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), encrypted]);
  }

  /** Throws for text that a third key encrypted, that belongs to another owner, or that was changed. */
  decrypt(encrypted: Buffer, owner: string): string {
    const text =
      decryptWith(this.#key, encrypted, owner) ?? (this.#also && decryptWith(this.#also, encrypted, owner));
    if (text === undefined)
      throw new Error('secret not readable: it has another key or owner, or it was changed');
    return text;
  }

  /** Whether only `also` decrypts it. */
  isOutdated(encrypted: Buffer, owner: string): boolean {
    return (
      decryptWith(this.#key, encrypted, owner) === undefined &&
      this.#also !== undefined &&
      decryptWith(this.#also, encrypted, owner) !== undefined
    );
  }
}

const keyOf = (passphrase: string): Buffer =>
  Buffer.from(hkdfSync('sha256', passphrase, '', 'switchboard.webhook.secret', 32));

function decryptWith(key: Buffer, encrypted: Buffer, owner: string): string | undefined {
  const [iv, tag] = [encrypted.subarray(0, IV_BYTES), encrypted.subarray(IV_BYTES, IV_BYTES + TAG_BYTES)];
  try {
    const decipher = createDecipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES })
      .setAAD(Buffer.from(owner))
      .setAuthTag(tag);
    return Buffer.concat([
      decipher.update(encrypted.subarray(IV_BYTES + TAG_BYTES)),
      decipher.final(),
    ]).toString('utf8');
  } catch {
    return undefined;
  }
}
