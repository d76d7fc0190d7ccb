import { randomBytes } from 'node:crypto';
import { FileId, UserId } from '@switchboard/shared/contracts';
import { z } from 'zod';
import { createSigner } from './signature.ts';

/** Leave for one transfer of one file, straight to this process. */
const Ticket = z.discriminatedUnion('action', [
  z.object({ action: z.literal('put'), fileId: FileId, ownerId: UserId, name: z.string(), contentType: z.string(), expiresAt: z.number() }),
  z.object({ action: z.literal('get'), fileId: FileId, expiresAt: z.number() }),
]);
export type Ticket = z.output<typeof Ticket>;
type Granted<T = Ticket> = T extends Ticket ? Omit<T, 'expiresAt'> : never;

const GOOD_FOR_MS = 60_000;

/** Tickets are good for a minute and only in the process that gave them: the key is made here and never leaves. */
export class Tickets {
  readonly #signer = createSigner(randomBytes(32));
  readonly #url: string;

  constructor(internalUrl: string) {
    this.#url = internalUrl;
  }

  /** The URL of the transfer. */
  grant(granted: Granted): string {
    const ticket = Buffer.from(JSON.stringify({ ...granted, expiresAt: performance.now() + GOOD_FOR_MS })).toString('base64url');
    return `${this.#url}/blobs/${ticket}.${this.#signer.sign(ticket)}`;
  }

  /** The ticket in a path, if this process gave it and it is still good. */
  read(path: string): Ticket | undefined {
    const [, ticket = '', signature = ''] = /^\/blobs\/([\w-]+)\.([\w-]+)$/.exec(path) ?? [];
    if (!this.#signer.verifies(ticket, signature)) return undefined;
    const granted = Ticket.parse(JSON.parse(Buffer.from(ticket, 'base64url').toString()));
    return granted.expiresAt > performance.now() ? granted : undefined;
  }
}
