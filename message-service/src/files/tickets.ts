import { randomBytes } from 'node:crypto';
import { FileId, UserId } from '@switchboard/shared/contracts';
import { createSigner } from '@switchboard/shared/signer';
import { z } from 'zod';
import type { TransferTickets } from '../domain/message-store.ts';

/** Authorises one transfer of one file's bytes to or from this process. */
const Ticket = z.discriminatedUnion('action', [
  z.object({
    action: z.literal('put'),
    fileId: FileId,
    ownerId: UserId,
    name: z.string(),
    contentType: z.string(),
    expiresAt: z.number(),
  }),
  z.object({ action: z.enum(['get', 'remove']), fileId: FileId, expiresAt: z.number() }),
]);
export type Ticket = z.output<typeof Ticket>;

const VALID_MS = 60_000;
/** Longer than a gateway's request may take. */
const REMOVE_VALID_MS = 600_000;

/**
 * Tickets are valid for a minute, those to remove a file for ten, and only in the process that granted them:
 * it alone knows the key. A `put` ticket is valid once, so that the bytes of a file are never overwritten.
 */
export class Tickets implements TransferTickets {
  readonly #signer = createSigner(randomBytes(32));
  /** Files whose `put` ticket is unused, oldest first, with the time at which it expires. */
  readonly #unused = new Map<string, number>();
  readonly #url: string;

  constructor(internalUrl: string) {
    this.#url = internalUrl;
  }

  grantPut(file: { fileId: string; ownerId: number; name: string; contentType: string }): string {
    const now = performance.now();
    for (const [fileId, expiresAt] of this.#unused) {
      if (expiresAt > now) break;
      this.#unused.delete(fileId);
    }
    this.#unused.set(file.fileId, now + VALID_MS);
    return this.#urlWith({ action: 'put', ...file, expiresAt: now + VALID_MS });
  }

  grantGet(fileId: string): string {
    return this.#urlWith({ action: 'get', fileId, expiresAt: performance.now() + VALID_MS });
  }

  grantRemove(fileId: string): string {
    return this.#urlWith({ action: 'remove', fileId, expiresAt: performance.now() + REMOVE_VALID_MS });
  }

  /** The ticket in a path, if this process granted it and it is still valid. Uses up a `put` ticket. */
  redeem(path: string): Ticket | undefined {
    const [, ticket = '', signature = ''] = /^\/blobs\/([\w-]+)\.([\w-]+)$/.exec(path) ?? [];
    if (!this.#signer.verifies(ticket, signature)) return undefined;
    const granted = Ticket.parse(JSON.parse(Buffer.from(ticket, 'base64url').toString()));
    if (granted.expiresAt <= performance.now()) return undefined;
    return granted.action !== 'put' || this.#unused.delete(granted.fileId) ? granted : undefined;
  }

  #urlWith(granted: Ticket): string {
    const ticket = Buffer.from(JSON.stringify(granted)).toString('base64url');
    return `${this.#url}/blobs/${ticket}.${this.#signer.sign(ticket)}`;
  }
}
