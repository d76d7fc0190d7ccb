import { randomBytes } from 'node:crypto';
import { FileId, UserId } from '@switchboard/shared/contracts';
import { z } from 'zod';
import type { TransferTickets } from '../domain/message-store.ts';
import { createSigner } from './signature.ts';

/** Leave for one transfer of one file, straight to this process. */
const Ticket = z.discriminatedUnion('action', [
  z.object({ action: z.literal('put'), fileId: FileId, ownerId: UserId, name: z.string(), contentType: z.string(), expiresAt: z.number() }),
  z.object({ action: z.literal('get'), fileId: FileId, expiresAt: z.number() }),
]);
export type Ticket = z.output<typeof Ticket>;

const GOOD_FOR_MS = 60_000;

/**
 * Tickets are good for a minute and only in the process that gave them: the key is made here and never leaves. A ticket to
 * put is good once, so that nobody writes over the bytes of a file that is there.
 */
export class Tickets implements TransferTickets {
  readonly #signer = createSigner(randomBytes(32));
  /** Files whose ticket to put was not used yet, oldest first, and until when it is good. */
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
    this.#unused.set(file.fileId, now + GOOD_FOR_MS);
    return this.#urlWith({ action: 'put', ...file, expiresAt: now + GOOD_FOR_MS });
  }

  grantGet(fileId: string): string {
    return this.#urlWith({ action: 'get', fileId, expiresAt: performance.now() + GOOD_FOR_MS });
  }

  /** The ticket in a path, if this process gave it and it is still good; a ticket to put is used up by it. */
  take(path: string): Ticket | undefined {
    const [, ticket = '', signature = ''] = /^\/blobs\/([\w-]+)\.([\w-]+)$/.exec(path) ?? [];
    if (!this.#signer.verifies(ticket, signature)) return undefined;
    const granted = Ticket.parse(JSON.parse(Buffer.from(ticket, 'base64url').toString()));
    if (granted.expiresAt <= performance.now()) return undefined;
    return granted.action === 'get' || this.#unused.delete(granted.fileId) ? granted : undefined;
  }

  #urlWith(granted: Ticket): string {
    const ticket = Buffer.from(JSON.stringify(granted)).toString('base64url');
    return `${this.#url}/blobs/${ticket}.${this.#signer.sign(ticket)}`;
  }
}
