import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts what must be read again, with one key for all of it. */
export class Seal {
  readonly #key: Buffer;
  readonly #also: Buffer | undefined;

  /** Passphrases of 32 bytes at least. What `also` sealed can be opened, and nothing is sealed with it. */
  constructor(passphrase: string, also?: string) {
    this.#key = keyOf(passphrase);
    this.#also = also === undefined ? undefined : keyOf(also);
  }

  /** Opens only as the `owner`'s: one that was moved to another row is of no use there. */
  close(text: string, owner: string): Buffer {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.#key, iv).setAAD(Buffer.from(owner));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
  }

  /** Throws when it was sealed with a third key, for another owner, or changed since. */
  open(sealed: Buffer, owner: string): string {
    const text = openWith(this.#key, sealed, owner) ?? (this.#also && openWith(this.#also, sealed, owner));
    if (text === undefined) throw new Error('this was sealed with another key, or for another owner, or was changed since');
    return text;
  }

  /** Whether it would not open without `also`. */
  isOutdated(sealed: Buffer, owner: string): boolean {
    return openWith(this.#key, sealed, owner) === undefined && this.#also !== undefined && openWith(this.#also, sealed, owner) !== undefined;
  }
}

const keyOf = (passphrase: string): Buffer => Buffer.from(hkdfSync('sha256', passphrase, '', 'switchboard.webhook.secret', 32));

function openWith(key: Buffer, sealed: Buffer, owner: string): string | undefined {
  const [iv, tag] = [sealed.subarray(0, IV_BYTES), sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES)];
  try {
    const decipher = createDecipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(owner)).setAuthTag(tag);
    return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}
