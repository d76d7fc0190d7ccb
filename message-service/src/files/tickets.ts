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

/** Tickets are good for a minute and only in the process that gave them: the key is made here and never leaves. */
export class Tickets implements TransferTickets {
  readonly #signer = createSigner(randomBytes(32));
  readonly #url: string;

  constructor(internalUrl: string) {
    this.#url = internalUrl;
  }

  grantPut(file: { fileId: string; ownerId: number; name: string; contentType: string }): string {
    return this.#urlWith({ action: 'put', ...file, expiresAt: performance.now() + GOOD_FOR_MS });
  }

  grantGet(fileId: string): string {
    return this.#urlWith({ action: 'get', fileId, expiresAt: performance.now() + GOOD_FOR_MS });
  }

  /** The ticket in a path, if this process gave it and it is still good. */
  read(path: string): Ticket | undefined {
    const [, ticket = '', signature = ''] = /^\/blobs\/([\w-]+)\.([\w-]+)$/.exec(path) ?? [];
    if (!this.#signer.verifies(ticket, signature)) return undefined;
    const granted = Ticket.parse(JSON.parse(Buffer.from(ticket, 'base64url').toString()));
    return granted.expiresAt > performance.now() ? granted : undefined;
  }

  #urlWith(granted: Ticket): string {
    const ticket = Buffer.from(JSON.stringify(granted)).toString('base64url');
    return `${this.#url}/blobs/${ticket}.${this.#signer.sign(ticket)}`;
  }
}
