import { hash } from 'node:crypto';
import type { StoredMessage } from './message.ts';

export type SentContent = Pick<StoredMessage, 'text' | 'fileId' | 'replyToId'>;

const DIGEST_BYTES = 16;

/**
 * Identifies the content first sent under a key: the start of SHA-256 over canonical JSON (names sorted,
 * absent fields null). Digests are stored, so the way they are made must not change.
 */
export const digestOf = ({ text, fileId, replyToId }: SentContent): Buffer =>
  hash('sha256', JSON.stringify({ fileId, replyToId, text }), 'buffer').subarray(0, DIGEST_BYTES);
